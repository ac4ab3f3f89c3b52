using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>A campaign's mean predicted value relative to the population of its prior; 1 without a prior.</summary>
internal static class ValueLevel
{
    /// <summary>Opportunities of the running step at which their own mean counts as much as what was expected of them.</summary>
    private const double OpportunitiesForHalfWeight = 20;

    /// <summary>The level of the running step.</summary>
    public static double Current(in ForecastInput input)
    {
        if (input.Prior is not { } prior) return 1;
        if (input.CurrentMeanValue > 0) return input.CurrentMeanValue / prior.MeanValue;

        int step = input.Trajectory.Closed;
        int regime = prior.RegimeSteps;
        bool firstOfRegime = regime > 0 && step % regime == 0;
        double expected = step > 0 && !firstOfRegime && input.Trajectory.Rows[step - 1] is { Impressions: > 0, SumValue: > 0 } last
            ? last.MeanValue / prior.MeanValue
            : Lasting(input, Start(input));
        if (step >= StepClock.StepsPerDay) return expected;

        ref readonly StepRow open = ref input.Trajectory.Open;
        if (open.Elapsed is not (> 0 and < 1) || !(open.Impressions > 0) || !(open.SumValue > 0)) return expected;
        // A mean over the first few opportunities of a step is mostly noise: it moves the level as far as it has been measured.
        double measured = open.MeanValue / prior.MeanValue;
        double weight = open.Impressions / (open.Impressions + OpportunitiesForHalfWeight);
        return expected * Math.Pow(measured / expected, weight);
    }

    /// <summary>The level expected beyond the regime: the population's, but for the share of the campaign's own that persists.</summary>
    public static double Lasting(in ForecastInput input, double fallback)
    {
        if (input.Prior is not { } prior) return 1;
        double impressions = 0, value = 0;
        foreach (ref readonly StepRow row in input.Trajectory.Rows)
        {
            impressions += row.Impressions;
            value += row.SumValue;
        }

        double start = Start(input);
        double own = impressions > 0 && value > 0 ? value / impressions / prior.MeanValue : fallback;
        double persistence = input.ValueIsRevenue ? 1 : prior.LevelPersistence;
        return start * Math.Pow(own / start, persistence);
    }

    /// <summary>Before anything was seen. Revenue is put on the population's scale of bids: its own level is unknown.</summary>
    public static double Start(in ForecastInput input)
        => input.ValueIsRevenue && input.Prior is { } prior ? prior.Reference / input.Reference : 1;
}
