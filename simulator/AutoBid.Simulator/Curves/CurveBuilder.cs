using System.Numerics;
using System.Runtime.InteropServices;
using AutoBid.Simulator.Auctions;

namespace AutoBid.Simulator.Curves;

/// <summary>
/// What other bids of one advertiser would have met in a played step, the own bid removed and the others' fixed:
/// the response curve of design.md section 4 (the market's answer as policies learn it) and the frozen-rival curve (slots, prices, exposure).
/// </summary>
public sealed class CurveBuilder(LogGrid grid)
{
    private float[] _ratios = [];
    private float[] _prices = [];
    private float[] _costs = [];
    private float[] _shares = [];

    public LogGrid Grid => grid;

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
        Reserve(values.Length);
        OthersBid(auction, advertiser, auction.Rules.Slots);
        Ratios(auction.Rules.Reserve, values, (float)reference);
        into.Clear();
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            float price = _prices[i];
            sum += price;
            int at = grid.FirstAtLeast(_ratios[i]);
            if (at >= grid.Count) continue;
            into.Cost[at] += price;
            into.Value[at] += values[i];
        }

        into.Accumulate();
        return sum;
    }

    /// <summary>Frozen-rival curve: expected cost and expected value over exposure, at the slot prices the auction would have charged.</summary>
    /// <param name="values">The advertiser's predicted values of the step.</param>
    /// <param name="reference">Account currency per unit of value.</param>
    /// <param name="into">As many points as the grid.</param>
    public void Frozen(SlotAuction auction, int advertiser, ReadOnlySpan<float> values, double reference, StepCurve into)
    {
        AuctionRules rules = auction.Rules;
        Reserve(values.Length);
        into.Clear();
        Array.Clear(_costs, 0, values.Length);
        Array.Clear(_shares, 0, values.Length);
        // From the last slot up: a bid that reaches a better slot gives the worse one back.
        for (int slot = rules.Slots - 1; slot >= 0; slot--)
        {
            OthersBid(auction, advertiser, slot + 1);
            Ratios(rules.Reserve, values, (float)reference);
            AddSlot(rules, rules.Exposure[slot], values, into);
        }

        into.Accumulate();
        if (rules.Pricing != AuctionPricing.FirstPrice) return;
        for (int i = 0; i < grid.Count; i++) into.Cost[i] = grid.Points[i] * reference * into.Value[i];
    }

    private void AddSlot(AuctionRules rules, float exposure, ReadOnlySpan<float> values, StepCurve into)
    {
        for (int i = 0; i < values.Length; i++)
        {
            int at = grid.FirstAtLeast(_ratios[i]);
            if (at >= grid.Count) continue;
            float price = _prices[i];
            bool sold = rules.Pricing == AuctionPricing.FirstPrice || rules.SellsAtReserve || price > rules.Reserve;
            float share = sold ? exposure : 0;
            float cost = share * price;
            into.Cost[at] += cost - _costs[i];
            into.Value[at] += (share - _shares[i]) * (double)values[i];
            _costs[i] = cost;
            _shares[i] = share;
        }
    }

    // The k-th highest of the others' bids: the own bid, where it ranks among the first k, makes room for the next.
    private void OthersBid(SlotAuction auction, int advertiser, int k)
    {
        BidRanking ranking = auction.Ranking;
        ReadOnlySpan<float> with = ranking.Bids(k), without = ranking.Bids(k - 1);
        ReadOnlySpan<int> first = ranking.Advertisers(0), second = ranking.Advertisers(Math.Min(1, k - 1)), third = ranking.Advertisers(k - 1);
        var self = new Vector<int>(advertiser);
        int i = 0;
        for (; i <= with.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<int> own = Vector.Equals(Load(first, i), self) | Vector.Equals(Load(second, i), self) | Vector.Equals(Load(third, i), self);
            Vector.ConditionalSelect(own, Load(with, i), Load(without, i)).CopyTo(_prices, i);
        }

        for (; i < with.Length; i++) _prices[i] = first[i] == advertiser || second[i] == advertiser || third[i] == advertiser ? with[i] : without[i];
    }

    // Raises the prices to the reserve and finds the multiplier that reaches them; infinite where the value is 0.
    private void Ratios(float reserve, ReadOnlySpan<float> values, float reference)
    {
        int i = 0;
        var floor = new Vector<float>(reserve);
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> price = Vector.MaxNative(Load<float>(_prices, i), floor);
            price.CopyTo(_prices, i);
            (price / (Load(values, i) * reference)).CopyTo(_ratios, i);
        }

        for (; i < values.Length; i++)
        {
            _prices[i] = Math.Max(_prices[i], reserve);
            _ratios[i] = _prices[i] / (values[i] * reference);
        }
    }

    private static Vector<T> Load<T>(ReadOnlySpan<T> span, int at) => Vector.LoadUnsafe(ref MemoryMarshal.GetReference(span), (nuint)at);

    private void Reserve(int opportunities)
    {
        if (_ratios.Length >= opportunities) return;
        _ratios = new float[opportunities];
        _prices = new float[opportunities];
        _costs = new float[opportunities];
        _shares = new float[opportunities];
    }
}
