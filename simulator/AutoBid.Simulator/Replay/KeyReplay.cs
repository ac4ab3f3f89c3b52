using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Replay;

/// <summary>
/// The offline replay protocol (auction.md) for one step of one key: win iff the bid reaches the logged least winning cost, pay it, exposure certain; what
/// the budget does not carry is dropped at random. No market reaction. One per thread.
/// </summary>
internal sealed class KeyReplay
{
    private int[] _wins = [];
    private ulong[] _priorities = [];
    private double[] _costFrom = [];

    /// <summary>Plays the step at one bid per value. A bid of 0 is no bid. Fills wins, cost, value, conversions and drops.</summary>
    /// <param name="bidPerValue">Multiplier x target, account currency per unit of value.</param>
    /// <param name="left">Budget left, account currency; the cost does not exceed it.</param>
    /// <param name="draws">Drop priorities and conversions: pure functions of the opportunity, the same at every bid.</param>
    /// <param name="smallestBudget">With less left, nothing is bid.</param>
    public void Play(StepRows rows, double bidPerValue, double left, double smallestBudget, StepDraws draws, int advertiser, ref SeatStep step)
    {
        step.Wins = step.Exposures = step.Conversions = step.Dropped = 0;
        step.Cost = step.ValueWon = 0;
        if (!(left >= smallestBudget) || rows.Count == 0) return;
        if (_wins.Length < rows.Count)
        {
            int size = Math.Max(rows.Count, 2 * _wins.Length);
            (_wins, _priorities, _costFrom) = (new int[size], new ulong[size], new double[size + 1]);
        }

        ReadOnlySpan<double> values = rows.Values, prices = rows.Prices;
        int count = 0;
        double cost = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double bid = bidPerValue * values[i];
            if (!(bid >= prices[i]) || !(bid > 0)) continue;
            _wins[count++] = i;
            cost += prices[i];
        }

        int first = 0;
        if (cost > left) first = DropOverCost(rows, draws.Stream(advertiser, DrawPurpose.DropPriority), left, count, out cost);
        step.Dropped = first;
        step.Wins = step.Exposures = count - first;
        step.Cost = cost;
        RandomStream values01 = draws.Stream(advertiser, DrawPurpose.ConversionValue), conversions = draws.Stream(advertiser, DrawPurpose.Conversion);
        foreach (int row in _wins.AsSpan(first, count - first))
        {
            step.ValueWon += values[row];
            if (Converts(rows, row, values01, conversions)) step.Conversions++;
        }
    }

    /// <summary>
    /// While the wins cost more than is left, the share of them that <see cref="OverCost"/> names goes, at least one: those of the lowest priority.
    /// </summary>
    /// <returns>How many of the wins, which now lie by ascending priority, are dropped.</returns>
    private int DropOverCost(StepRows rows, RandomStream priority, double left, int count, out double cost)
    {
        ReadOnlySpan<int> opportunities = rows.Opportunities;
        for (int i = 0; i < count; i++) _priorities[i] = priority.Bits(opportunities[_wins[i]]);
        Array.Sort(_priorities, _wins, 0, count);
        _costFrom[count] = 0;
        ReadOnlySpan<double> prices = rows.Prices;
        for (int i = count - 1; i >= 0; i--) _costFrom[i] = _costFrom[i + 1] + prices[_wins[i]];
        int dropped = 0;
        while (_costFrom[dropped] > left)
        {
            dropped += OverCost.Drops(OverCost.Ratio(_costFrom[dropped], left), count - dropped);
        }

        cost = _costFrom[dropped];
        return dropped;
    }

    private static bool Converts(StepRows rows, int row, RandomStream values, RandomStream conversions)
    {
        ref sbyte outcome = ref rows.Outcomes[row];
        if (outcome == ReplayRow.Drawn)
        {
            int opportunity = rows.Opportunities[row];
            double probability = Math.Clamp(rows.Values[row] + rows.Sigmas[row] * values.Normal(opportunity), 0, 1);
            outcome = conversions.Uniform(opportunity) < probability ? (sbyte)1 : (sbyte)0;
        }

        return outcome == 1;
    }
}
