using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Market;

/// <summary>The plan that goes with multipliers chosen on sampled futures: their mean flows, and what they promise of what hindsight would reach.</summary>
internal static class FuturePlan
{
    /// <returns>Null where the flows are not numbers.</returns>
    /// <param name="score">Mean score at the multiplier.</param>
    public static DayPlan? Of(MarketFutures futures, in PolicyInput input, ScoreRule rule, double multiplier, double score)
    {
        int first = input.Trajectory.Closed, steps = StepClock.StepsPerDay - first;
        Span<double> spend = stackalloc double[steps], value = stackalloc double[steps];
        futures.Flows(multiplier, spend, value);
        var spendShares = new float[steps];
        var valueShares = new float[steps];
        for (int k = 0; k < steps; k++)
        {
            spendShares[k] = (float)(spend[k] / input.Budget);
            valueShares[k] = (float)(value[k] / input.Budget);
            if (!float.IsFinite(spendShares[k]) || !float.IsFinite(valueShares[k])) return null;
        }

        return new DayPlan(first, spendShares, valueShares, FutureRules.Promise(futures, rule, score));
    }
}
