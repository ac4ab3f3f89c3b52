using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Market;

/// <summary>The constant multiplier for the rest of the day that is best on average over the samples.</summary>
internal sealed class BestConstant : IFutureChoice
{
    public bool TryWithout(int item, in PolicyInput input, out PolicyDecision decision)
    {
        decision = default;
        return false;
    }

    /// <summary>Not a number either: what to bid instead is the guard's business.</summary>
    public PolicyDecision WithoutFutures(int item) => new() { Multiplier = double.NaN, IsDecided = true };

    public PolicyDecision Choose(MarketFutures futures, int item, in PolicyInput input)
    {
        ScoreRule rule = ScoreRule.Of(input.HasTarget, input.Mode);
        double best = FutureRules.Best(futures, rule, out double score);
        double multiplier = Math.Clamp(best, input.MinMultiplier, input.MaxMultiplier);
        if (multiplier != best) score = FutureRules.ScoreAt(futures, rule, multiplier);
        return new PolicyDecision { Multiplier = multiplier, IsDecided = true, Plan = FuturePlan.Of(futures, input, rule, multiplier, score) };
    }
}
