using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;

namespace AutoBid.Core.Guarding;

/// <summary>
/// Runs after every policy and does not trust it. Promise: the result is a number inside the campaign's range; in TargetFirst it does not exceed what
/// the forecast says keeps the target; no tick raises it by more than the largest factor. Pure.
/// </summary>
public sealed class Guard(GuardOptions options)
{
    public GuardOptions Options { get; } = options;

    public GuardResult Apply(in GuardInput given)
    {
        // What is no number must not be replaced by another such: the lowest bid stands in for a safe multiplier that is none.
        GuardInput input = double.IsFinite(given.Safe) && given.Safe > 0 ? given : given with { Safe = given.MinMultiplier };
        var reasons = GuardReasons.None;
        if (input.IsPaused) reasons |= GuardReasons.Paused;
        if (input.IsOffSchedule) reasons |= GuardReasons.Schedule;
        if (input.IsColdStart) reasons |= GuardReasons.ColdStart;

        double multiplier = input.Raw;
        if (!double.IsFinite(multiplier) || multiplier <= 0)
        {
            multiplier = input.Safe;
            reasons |= GuardReasons.Nan;
        }

        if (input.InputsAreStale && multiplier > input.Safe)
        {
            multiplier = input.Safe;
            reasons |= GuardReasons.StaleInputs;
        }

        multiplier = LimitStep(input, multiplier, ref reasons);
        multiplier = CutToTarget(input, multiplier, ref reasons);
        multiplier = BreakSpendRate(input, multiplier, ref reasons);

        if (input.Spent >= input.Budget)
        {
            multiplier = input.MinMultiplier;
            reasons |= GuardReasons.Budget;
        }

        if (multiplier < input.MinMultiplier)
        {
            multiplier = input.MinMultiplier;
            reasons |= GuardReasons.RangeMin;
        }
        else if (multiplier > input.MaxMultiplier)
        {
            multiplier = input.MaxMultiplier;
            reasons |= GuardReasons.RangeMax;
        }

        // Published with six decimals: the number in the decision list is the number that bids. The range bounds win over the rounding.
        return new GuardResult(Math.Clamp(Math.Round(multiplier, 6, MidpointRounding.ToEven), input.MinMultiplier, input.MaxMultiplier), reasons);
    }

    private double LimitStep(in GuardInput input, double multiplier, ref GuardReasons reasons)
    {
        if (!(input.Last > 0) || !double.IsFinite(input.Last)) return multiplier;
        double limited = Math.Clamp(multiplier, input.Last / Options.LargestFactorPerTick, input.Last * Options.LargestFactorPerTick);
        if (limited != multiplier) reasons |= GuardReasons.Step;
        return limited;
    }

    /// <summary>In TargetFirst, no more than min-pacing on a forecast whose value is trusted only as far as conversions bear it out.</summary>
    private double CutToTarget(in GuardInput input, double multiplier, ref GuardReasons reasons)
    {
        if (input.Mode != PacingMode.TargetFirst || input.Objective == Objective.MaxConversions) return multiplier;
        if (input.Forecast is not { IsKnown: true } forecast) return multiplier;

        double trust = ValueTrust(input);
        double spent = forecast.Spent + Math.Min(forecast.CostAt(multiplier), forecast.Left);
        double share = forecast.CostAt(multiplier) > forecast.Left ? forecast.Left / forecast.CostAt(multiplier) : 1;
        double value = trust * (forecast.ValueSoFar + share * forecast.ValueAt(multiplier));
        if (spent <= value * (1 + Options.ProjectionTolerance)) return multiplier;

        double cut = PacingRules.MinPacing(forecast, trust);
        if (!(cut < multiplier)) return multiplier;
        reasons |= input.Objective == Objective.TargetRoas ? GuardReasons.RoasProjection : GuardReasons.CpaProjection;
        return cut;
    }

    /// <summary>
    /// min(1, upper Poisson bound of the realised / expected): predictions count in full until conversions fall significantly short of them.
    /// Revenue is bounded through the number of conversions behind it.
    /// <para>
    /// Both sides count by arrival. Realised: all conversions that arrived today, whatever day their click was. Expected: what was due today,
    /// D = expected - pending + carried, the predicted value of today's wins less the part that cannot have arrived yet, plus the part of earlier days' wins
    /// that was due today. With c the ratio of true to predicted value, arrivals are Poisson with mean c D, so upper(arrivals) / D bounds c, and
    /// c x (value so far + value to come) is the final value of today's wins: the projection needs no further correction. Without delays D = expected.
    /// </para>
    /// </summary>
    private double ValueTrust(in GuardInput input)
    {
        double due = input.ExpectedValue - input.PendingValue + input.CarriedValue;
        if (!(due > 0)) return 1;
        double bound = PoissonBound.Upper(input.RealisedConversions, Options.ConversionConfidence);
        double realised = bound;
        if (input.Objective == Objective.TargetRoas)
        {
            // Without a conversion there is no mean revenue to scale the bound with.
            if (input.RealisedConversions <= 0) return 1;
            realised = bound * input.RealisedValue / input.RealisedConversions;
        }

        return Math.Clamp(realised / due, 0.05, 1);
    }

    private double BreakSpendRate(in GuardInput input, double multiplier, ref GuardReasons reasons)
    {
        if (input.StepElapsed <= 0 || input.StepsLeft <= 1) return multiplier;
        // A step is judged from its first third on: before that one expensive win is not a rate.
        double rate = input.StepSpent / Math.Max(input.StepElapsed, 1.0 / 3);
        double even = Math.Max(input.Budget - input.Spent + input.StepSpent, 0) / input.StepsLeft;
        if (rate <= Options.SpendRateShareOfDay * input.Budget || rate <= Options.SpendRateOverEven * even) return multiplier;
        double limit = Math.Min(input.Safe, input.Last > 0 ? input.Last / Options.LargestFactorPerTick : input.Safe);
        if (multiplier <= limit) return multiplier;
        reasons |= GuardReasons.SpendRate;
        return limit;
    }
}
