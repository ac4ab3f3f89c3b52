using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Frozen;

/// <summary>
/// S*, what scores are compared with: the best constant multiplier in hindsight through the same auction, others' bids fixed, expected values.
/// A step that would cost more than is left stops when the money is gone, cost and value in proportion.
/// The search runs over the project's 160 multipliers from 0.05 to 4 (<see cref="DayForecast.Multipliers"/>), the same points as in training, so that
/// shares of S* mean the same everywhere. README.md says by how much a finer search would read higher.
/// </summary>
public static class HindsightOracle
{
    /// <summary>The best constant of one seat and day. Scanned, never bisected: value against cost has several humps.</summary>
    /// <param name="mode">SpendFirst: the highest score. TargetFirst: the highest value with CPA at most the target; where no multiplier has that, the lowest CPA.</param>
    public static OracleResult BestConstant(FrozenDay day, Seat seat, PacingMode mode)
    {
        var search = new ConstantSearch(seat.TargetCpa, mode);
        foreach (double multiplier in DayForecast.Multipliers)
        {
            Walk(day, seat.Budget, multiplier, out double cost, out double value);
            search.Consider(multiplier, cost, value);
        }

        return search.Best;
    }

    /// <summary>A whole day at one constant multiplier; linear in log between the curves' points, proportional to the bid below the first.</summary>
    public static void Walk(FrozenDay day, double budget, double multiplier, out double cost, out double value)
    {
        cost = 0;
        value = 0;
        double position = FrozenDay.PositionOf(multiplier);
        double below = Math.Min(multiplier / ResponseGrid.Lowest, 1);
        int low = Math.Min((int)position, FrozenDay.Points - 2);
        double part = position - low;
        for (int step = 0; step < StepClock.StepsPerDay; step++)
        {
            ReadOnlySpan<float> costs = day.Cost(step), values = day.Value(step);
            // Rounding may leave a hair below 0 when the budget is gone.
            double left = Math.Max(budget - cost, 0);
            double stepCost = below * (costs[low] + part * (costs[low + 1] - costs[low]));
            double stepValue = below * (values[low] + part * (values[low + 1] - values[low]));
            if (stepCost > left)
            {
                double share = left / stepCost;
                stepCost *= share;
                stepValue *= share;
            }

            cost += stepCost;
            value += stepValue;
        }
    }
}
