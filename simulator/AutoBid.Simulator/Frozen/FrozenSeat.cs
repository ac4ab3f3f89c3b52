using System.Numerics;
using System.Runtime.InteropServices;
using AutoBid.Core.Response;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Frozen;

/// <summary>
/// One seat of a played step with its own bid taken out: what the others bid for each slot, and what any bids of the seat would have won.
/// Scratch of one thread; its buffers grow to the largest step.
/// </summary>
internal sealed class FrozenSeat
{
    private readonly float[][] _others = [[], [], []];
    private readonly CurveBuilder _curves = new(LogGrid.Multipliers());
    private readonly StepCurve _response = new(ResponseGrid.Points);
    private PeriodStep? _step;
    private double _responseTarget;
    private int _seat;

    // Wins of the entry being played, in the order of opportunities.
    private int[] _won = [];
    private byte[] _slots = [];
    private float[] _prices = [];
    private int[] _order = [];
    private ulong[] _priorities = [];

    /// <summary>Looks at a step from one seat.</summary>
    public void Begin(PeriodStep step, int seat)
    {
        (_step, _seat, _responseTarget) = (step, seat, double.NaN);
        int opportunities = step.Traffic.Opportunities;
        if (_won.Length < opportunities)
        {
            for (int slot = 0; slot < _others.Length; slot++) _others[slot] = new float[opportunities];
            _won = new int[opportunities];
            _slots = new byte[opportunities];
            _prices = new float[opportunities];
            _order = new int[opportunities];
            _priorities = new ulong[opportunities];
        }

        for (int slot = 0; slot < step.Auction.Rules.Slots; slot++) FillOthers(step.Auction.Ranking, slot);
    }

    /// <summary>Response curve of the step at another target than the seat's.</summary>
    public StepCurve Response(double target)
    {
        if (_responseTarget == target) return _response;
        _responseTarget = target;
        _curves.Response(_step!.Auction, _seat, _step.Traffic.Values(_seat), target, _response);
        return _response;
    }

    /// <summary>What bids of <paramref name="bidPerValue"/> x value get; wins are dropped as in the live auction until the cost fits.</summary>
    public AdvertiserTotals Play(float bidPerValue, double left, StepDraws draws)
    {
        AuctionRules rules = _step!.Auction.Rules;
        if (!(left >= rules.SmallestBudget)) return default;
        int wins = FindWins(bidPerValue);
        AdvertiserTotals totals = Sum(wins);
        int dropped = 0;
        while (totals.Cost > left)
        {
            double ratio = OverCost.Ratio(totals.Cost, left);
            RandomStream priority = draws.Stream(_seat, DrawPurpose.DropPriority);
            for (int slot = 0; slot < rules.Slots; slot++) dropped += Drop(wins, slot, ratio, priority);
            wins = Compact(wins);
            totals = Sum(wins);
        }

        totals.Dropped = dropped;
        totals.Conversions = Conversions(wins);
        return totals;
    }

    // The others' bid for a slot: the one ranked there, or, where the seat itself ranks there or above, the next.
    private void FillOthers(BidRanking ranking, int slot)
    {
        ReadOnlySpan<float> with = ranking.Bids(slot + 1), without = ranking.Bids(slot);
        ReadOnlySpan<int> first = ranking.Advertisers(0), second = ranking.Advertisers(Math.Min(1, slot)), third = ranking.Advertisers(slot);
        float[] into = _others[slot];
        var self = new Vector<int>(_seat);
        int i = 0;
        for (; i <= with.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<int> own = Vector.Equals(Load(first, i), self) | Vector.Equals(Load(second, i), self) | Vector.Equals(Load(third, i), self);
            Vector.ConditionalSelect(own, Load(with, i), Load(without, i)).CopyTo(into, i);
        }

        for (; i < with.Length; i++)
        {
            bool own = first[i] == _seat || second[i] == _seat || third[i] == _seat;
            into[i] = own ? with[i] : without[i];
        }
    }

    private int FindWins(float bidPerValue)
    {
        ReadOnlySpan<float> values = _step!.Traffic.Values(_seat), last = _others[_step.Auction.Rules.Slots - 1].AsSpan(0, values.Length);
        int wins = 0, i = 0;
        var scale = new Vector<float>(bidPerValue);
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            // Most vectors win nothing: one comparison ends them.
            if (!Vector.GreaterThanOrEqualAny(Load(values, i) * scale, Load(last, i))) continue;
            for (int lane = 0; lane < Vector<float>.Count; lane++) wins = Enter(wins, i + lane, values[i + lane] * bidPerValue, last);
        }

        for (; i < values.Length; i++) wins = Enter(wins, i, values[i] * bidPerValue, last);
        return wins;
    }

    private int Enter(int wins, int opportunity, float bid, ReadOnlySpan<float> last)
    {
        if (!(bid > 0) || !(bid >= last[opportunity])) return wins;
        SlotAuction auction = _step!.Auction;
        for (int slot = 0; slot < auction.Rules.Slots; slot++)
        {
            float other = _others[slot][opportunity];
            if (bid < other || (bid == other && !WinsTie(opportunity, slot))) continue;
            float price = auction.Price(bid, other, out bool sold);
            if (!sold) return wins;
            _won[wins] = opportunity;
            _slots[wins] = (byte)slot;
            _prices[wins] = price;
            return wins + 1;
        }

        return wins;
    }

    // Ties go to the lower index. The maker of the fourth bid is not recorded: it is met only where the seat ranked above it, so the seat keeps its rank.
    private bool WinsTie(int opportunity, int slot)
    {
        BidRanking ranking = _step!.Auction.Ranking;
        for (int rank = 0; rank <= slot; rank++)
        {
            if (ranking.Advertisers(rank)[opportunity] == _seat) return slot + 1 >= BidRanking.Ranks - 1 || _seat < ranking.Advertisers(slot + 1)[opportunity];
        }

        return _seat < ranking.Advertisers(slot)[opportunity];
    }

    // In the order of opportunities, in double.
    private AdvertiserTotals Sum(int wins)
    {
        SlotAuction auction = _step!.Auction;
        ReadOnlySpan<float> values = _step.Traffic.Values(_seat);
        AdvertiserTotals totals = default;
        totals.Wins = wins;
        for (int i = 0; i < wins; i++)
        {
            totals.WinsOfSlot[_slots[i]]++;
            if (!auction.IsExposed(_won[i], _slots[i])) continue;
            totals.Exposures++;
            totals.Cost += _prices[i];
            totals.ValueWon += values[_won[i]];
        }

        return totals;
    }

    // The wins with the lowest priorities go, the same rule as in the live auction. A dropped win is marked by a slot that does not exist.
    private int Drop(int wins, int slot, double ratio, RandomStream priority)
    {
        int count = 0;
        for (int i = 0; i < wins; i++)
        {
            if (_slots[i] != slot) continue;
            _order[count] = i;
            _priorities[count++] = priority.Bits(_won[i]);
        }

        int drop = OverCost.Drops(ratio, count);
        if (drop == 0) return 0;
        Array.Sort(_priorities, _order, 0, count);
        for (int i = 0; i < drop; i++) _slots[_order[i]] = AuctionRules.MostSlots;
        return drop;
    }

    private int Compact(int wins)
    {
        int kept = 0;
        for (int i = 0; i < wins; i++)
        {
            if (_slots[i] == AuctionRules.MostSlots) continue;
            (_won[kept], _slots[kept], _prices[kept]) = (_won[i], _slots[i], _prices[i]);
            kept++;
        }

        return kept;
    }

    private int Conversions(int wins)
    {
        ReadOnlySpan<float> values = _step!.Traffic.Values(_seat);
        int conversions = 0;
        for (int i = 0; i < wins; i++)
        {
            int opportunity = _won[i];
            if (_step.Auction.IsExposed(opportunity, _slots[i]) && _step.Conversions.Converts(_step.Step, _seat, opportunity, values[opportunity])) conversions++;
        }

        return conversions;
    }

    private static Vector<T> Load<T>(ReadOnlySpan<T> span, int at) => Vector.LoadUnsafe(ref MemoryMarshal.GetReference(span), (nuint)at);
}
