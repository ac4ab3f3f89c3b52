using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Market;

/// <summary>The plan that goes with multipliers chosen on sampled futures: their mean flows, and what they promise of what hindsight would reach.</summary>
internal static class FuturePlan
{
    /// <param name="now">Multiplier of the running step.</param>
    /// <param name="rest">Multiplier of the steps after it.</param>
    /// <param name="score">Mean score of both.</param>
    public static DayPlan Of(MarketFutures futures, in PolicyInput input, ScoreRule rule, double now, double rest, double score)
    {
        int first = input.Trajectory.Closed, steps = StepClock.StepsPerDay - first;
        Span<double> spend = stackalloc double[steps], value = stackalloc double[steps];
        futures.Flows(now, rest, spend, value);
        var spendShares = new float[steps];
        var valueShares = new float[steps];
        for (int k = 0; k < steps; k++)
        {
            spendShares[k] = (float)(spend[k] / input.Budget);
            valueShares[k] = (float)(value[k] / input.Budget);
        }

        return new DayPlan(first, spendShares, valueShares, FutureRules.Promise(futures, rule, score));
    }
}
