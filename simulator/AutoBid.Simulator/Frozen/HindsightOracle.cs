using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Frozen;

/// <summary>
/// S*, what scores are compared with: the best constant multiplier in hindsight through the same auction, others' bids fixed, expected values.
/// A step that would cost more than is left stops when the money is gone, cost and value in proportion.
/// </summary>
public static class HindsightOracle
{
    // The points are scanned, never bisected (value against cost has several humps); then the neighbourhood of the best is scanned more finely,
    // because near its target a campaign's value moves several times faster than its multiplier.
    private const int ZoomRounds = 3;
    private const int ZoomSteps = 8;

    /// <summary>The best constant of one seat and day, among 0.1 to 4.</summary>
    /// <param name="mode">SpendFirst: the highest score. TargetFirst: the highest value with CPA at most the target; where no multiplier has that, the lowest CPA.</param>
    public static OracleResult BestConstant(FrozenDay day, Seat seat, PacingMode mode)
    {
        var best = new Candidate(double.NegativeInfinity, 0, 0, 0);
        for (int point = 0; point < FrozenDay.Points; point++) best = Better(best, At(day, seat, mode, point));
        double width = 1;
        for (int round = 0; round < ZoomRounds; round++)
        {
            double centre = best.Position;
            width /= ZoomSteps;
            for (int i = -ZoomSteps; i <= ZoomSteps; i++)
            {
                double position = centre + i * width;
                if (position > 0 && position < FrozenDay.Points - 1) best = Better(best, At(day, seat, mode, position));
            }
        }

        double score = mode == PacingMode.SpendFirst ? Score.Of(best.Value, best.Cost, seat.TargetCpa) : best.Value;
        return new OracleResult(FrozenDay.MultiplierAt(best.Position), score, best.Cost, best.Value);
    }

    /// <summary>A whole day at one constant multiplier.</summary>
    /// <param name="position">Index of the multiplier among <see cref="FrozenDay.Multipliers"/>; between two, cost and value are interpolated.</param>
    public static void Walk(FrozenDay day, double budget, double position, out double cost, out double value)
    {
        cost = 0;
        value = 0;
        int low = Math.Min((int)position, FrozenDay.Points - 2);
        double part = position - low;
        for (int step = 0; step < StepClock.StepsPerDay; step++)
        {
            ReadOnlySpan<float> costs = day.Cost(step), values = day.Value(step);
            double left = budget - cost;
            double stepCost = costs[low] + part * (costs[low + 1] - costs[low]);
            double stepValue = values[low] + part * (values[low + 1] - values[low]);
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

    private static Candidate At(FrozenDay day, Seat seat, PacingMode mode, double position)
    {
        Walk(day, seat.Budget, position, out double cost, out double value);
        // Points that miss the target rank below all that keep it, by their CPA.
        double rank = mode == PacingMode.SpendFirst ? Score.Of(value, cost, seat.TargetCpa)
            : cost <= seat.TargetCpa * value ? value
            : -cost / Math.Max(value, 1e-12);
        return new Candidate(rank, position, cost, value);
    }

    private static Candidate Better(Candidate best, Candidate other) => other.Rank > best.Rank ? other : best;

    private readonly record struct Candidate(double Rank, double Position, double Cost, double Value);
}
