using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Threads;

namespace AutoBid.Simulator.Curves;

/// <summary>
/// What other bids of one advertiser would have met in a played step, the own bid removed and the others' fixed:
/// the response curve of design.md section 4 (the market's answer as policies learn it) and the frozen-rival curve (slots, prices, exposure).
/// Per opportunity and slot, vector code finds price and ratio = price / (reference x value); a branch-free scatter enters cost and value at the first
/// grid multiplier that reaches the ratio; a prefix sum gives the curve.
/// </summary>
public sealed class CurveBuilder
{
    private readonly LogGrid _grid;

    // Cost and value side by side, one entry more than the grid for what no multiplier reaches; even and odd opportunities apart, so that
    // neighbours that enter the same point do not wait for each other.
    private readonly double[] _even;
    private readonly double[] _odd;
    private float[] _ratios = [];
    private int[] _places = [];
    private float[] _prices = [];
    private float[] _costs = [];
    private float[] _gains = [];
    private float[] _costsBelow = [];
    private float[] _sharesBelow = [];

    public CurveBuilder(LogGrid grid)
    {
        _grid = grid;
        _even = new double[2 * (grid.Count + 1)];
        _odd = new double[2 * (grid.Count + 1)];
    }

    public LogGrid Grid => _grid;

    /// <summary>
    /// Response curve: sums of minimum to win and value over the opportunities that multiplier x reference x value would have won; paid at the minimum,
    /// exposure taken as certain.
    /// </summary>
    /// <param name="values">The advertiser's predicted values of the step.</param>
    /// <param name="reference">Account currency per unit of value; 1 for a curve against the absolute bid per value.</param>
    /// <param name="into">As many points as the grid.</param>
    /// <returns>Sum of the minimum to win over all opportunities, account currency.</returns>
    public double Response(SlotAuction auction, int advertiser, ReadOnlySpan<float> values, double reference, StepCurve into)
    {
        Begin(values.Length);
        Price(auction, advertiser, auction.Rules.Slots, values, (float)reference);
        Scatter(_prices.AsSpan(0, values.Length), values);
        Finish(into);
        return Sums.Of(_prices.AsSpan(0, values.Length));
    }

    /// <summary>Frozen-rival curve: expected cost and expected value over exposure, at the slot prices the auction would have charged.</summary>
    /// <param name="values">The advertiser's predicted values of the step.</param>
    /// <param name="reference">Account currency per unit of value.</param>
    /// <param name="into">As many points as the grid.</param>
    public void Frozen(SlotAuction auction, int advertiser, ReadOnlySpan<float> values, double reference, StepCurve into)
    {
        AuctionRules rules = auction.Rules;
        Begin(values.Length);
        Array.Clear(_costsBelow, 0, values.Length);
        Array.Clear(_sharesBelow, 0, values.Length);
        bool sellsAtReserve = rules.SellsAtReserve || rules.Pricing == AuctionPricing.FirstPrice;
        // From the last slot up: a bid that reaches a better slot gives the worse one back.
        for (int slot = rules.Slots - 1; slot >= 0; slot--)
        {
            Price(auction, advertiser, slot + 1, values, (float)reference);
            Step(rules.Exposure[slot], sellsAtReserve ? -1 : rules.Reserve, values);
            Scatter(_costs.AsSpan(0, values.Length), _gains.AsSpan(0, values.Length));
        }

        Finish(into);
        if (rules.Pricing != AuctionPricing.FirstPrice) return;
        for (int i = 0; i < _grid.Count; i++) into.Cost[i] = _grid.Points[i] * reference * into.Value[i];
    }

    // Price of the k-th slot for this advertiser: the k-th highest of the others' bids (the own bid, where it ranks among the first k, makes room
    // for the next), at least the reserve; and the bounded multiplier that reaches it, beyond the grid where the value is 0.
    private void Price(SlotAuction auction, int advertiser, int k, ReadOnlySpan<float> values, float reference)
    {
        BidRanking ranking = auction.Ranking;
        ReadOnlySpan<float> with = ranking.Bids(k), without = ranking.Bids(k - 1);
        ReadOnlySpan<int> first = ranking.Advertisers(0), second = ranking.Advertisers(Math.Min(1, k - 1)), third = ranking.Advertisers(k - 1);
        float reserve = auction.Rules.Reserve;
        var self = new Vector<int>(advertiser);
        var floor = new Vector<float>(reserve);
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<int> own = Vector.Equals(Load(first, i), self) | Vector.Equals(Load(second, i), self) | Vector.Equals(Load(third, i), self);
            Vector<float> price = Vector.MaxNative(Vector.ConditionalSelect(own, Load(with, i), Load(without, i)), floor);
            price.CopyTo(_prices, i);
            _grid.Bound(price / (Load(values, i) * reference)).CopyTo(_ratios, i);
        }

        for (; i < values.Length; i++)
        {
            bool own = first[i] == advertiser || second[i] == advertiser || third[i] == advertiser;
            _prices[i] = Math.Max(own ? with[i] : without[i], reserve);
            _ratios[i] = _grid.Bound(_prices[i] / (values[i] * reference));
        }
    }

    // What reaching this slot adds to the slot below it; a slot priced at unsoldAt or less is not sold.
    private void Step(float exposure, float unsoldAt, ReadOnlySpan<float> values)
    {
        int i = 0;
        var limit = new Vector<float>(unsoldAt);
        var sold = new Vector<float>(exposure);
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> price = Load<float>(_prices, i);
            Vector<float> share = Vector.ConditionalSelect(Vector.GreaterThan(price, limit), sold, Vector<float>.Zero);
            Vector<float> cost = share * price;
            (cost - Load<float>(_costsBelow, i)).CopyTo(_costs, i);
            ((share - Load<float>(_sharesBelow, i)) * Load(values, i)).CopyTo(_gains, i);
            cost.CopyTo(_costsBelow, i);
            share.CopyTo(_sharesBelow, i);
        }

        for (; i < values.Length; i++)
        {
            float share = _prices[i] > unsoldAt ? exposure : 0;
            float cost = share * _prices[i];
            _costs[i] = cost - _costsBelow[i];
            _gains[i] = (share - _sharesBelow[i]) * values[i];
            _costsBelow[i] = cost;
            _sharesBelow[i] = share;
        }
    }

    private void Scatter(ReadOnlySpan<float> costs, ReadOnlySpan<float> gains)
    {
        _grid.Cells(_ratios.AsSpan(0, costs.Length), _places);
        ref double even = ref MemoryMarshal.GetArrayDataReference(_even);
        ref double odd = ref MemoryMarshal.GetArrayDataReference(_odd);
        ReadOnlySpan<int> places = _places.AsSpan(0, costs.Length);
        int i = 0;
        for (; i < costs.Length - 1; i += 2)
        {
            // Places lie in 0..Count: the grid's look-up cannot leave its table.
            int at = 2 * places[i], next = 2 * places[i + 1];
            Unsafe.Add(ref even, at) += costs[i];
            Unsafe.Add(ref even, at + 1) += gains[i];
            Unsafe.Add(ref odd, next) += costs[i + 1];
            Unsafe.Add(ref odd, next + 1) += gains[i + 1];
        }

        if (i >= costs.Length) return;
        _even[2 * places[i]] += costs[i];
        _even[2 * places[i] + 1] += gains[i];
    }

    private void Begin(int opportunities)
    {
        Array.Clear(_even);
        Array.Clear(_odd);
        if (_ratios.Length >= opportunities) return;
        _ratios = new float[opportunities];
        _places = new int[opportunities];
        _prices = new float[opportunities];
        _costs = new float[opportunities];
        _gains = new float[opportunities];
        _costsBelow = new float[opportunities];
        _sharesBelow = new float[opportunities];
    }

    // What was entered at the first multiplier that reaches it counts for all higher ones.
    private void Finish(StepCurve into)
    {
        double cost = 0, value = 0;
        for (int i = 0; i < _grid.Count; i++)
        {
            into.Cost[i] = cost += _even[2 * i] + _odd[2 * i];
            into.Value[i] = value += _even[2 * i + 1] + _odd[2 * i + 1];
        }
    }

    private static Vector<T> Load<T>(ReadOnlySpan<T> span, int at) => Vector.LoadUnsafe(ref MemoryMarshal.GetReference(span), (nuint)at);
}
