using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Simulator.Traffic;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Frozen;

/// <summary>
/// S*, what scores are compared with: the best constant multiplier in hindsight through the same auction, others' bids fixed, expected values.
/// A step that would cost more than is left stops when the money is gone, cost and value in proportion.
/// </summary>
public static class HindsightOracle
{
    /// <summary>The best constant of one seat and day.</summary>
    /// <param name="mode">SpendFirst: the highest score. TargetFirst: the highest value with CPA at most the target; where no point has that, the lowest CPA.</param>
    public static OracleResult BestConstant(FrozenDay day, Seat seat, PacingMode mode)
    {
        OracleResult best = default;
        double bestKey = double.NegativeInfinity;
        for (int point = 0; point < FrozenDay.Points; point++)
        {
            Walk(day, seat.Budget, point, out double cost, out double value);
            double score = Score.Of(value, cost, seat.TargetCpa);
            // Points that miss the target rank below all that keep it, by their CPA.
            double key = mode == PacingMode.SpendFirst ? score
                : cost <= seat.TargetCpa * value ? value
                : -cost / Math.Max(value, 1e-12);
            if (key <= bestKey) continue;
            bestKey = key;
            best = new OracleResult(FrozenDay.Multipliers[point], mode == PacingMode.SpendFirst ? score : value, cost, value);
        }

        return best;
    }

    /// <summary>A whole day at one constant multiplier, by its point.</summary>
    public static void Walk(FrozenDay day, double budget, int point, out double cost, out double value)
    {
        cost = 0;
        value = 0;
        for (int step = 0; step < StepClock.StepsPerDay; step++)
        {
            double left = budget - cost, stepCost = day.Cost(step)[point], stepValue = day.Value(step)[point];
            if (stepCost > left)
            {
                double share = Math.Max(left, 0) / stepCost;
                stepCost *= share;
                stepValue *= share;
            }

            cost += stepCost;
            value += stepValue;
        }
    }
}
