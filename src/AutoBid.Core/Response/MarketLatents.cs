using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>
/// The market of each step as one campaign sees it, in three numbers relative to its prior (docs/policies.md, "Market planner"): log volume, log value
/// level, log price. The same numbers as in training (policies/autobid_policies/market).
/// </summary>
public static class MarketLatents
{
    /// <summary>Numbers of a step: <see cref="Volume"/>, <see cref="Level"/>, <see cref="Price"/>.</summary>
    public const int Channels = 3;

    /// <summary>log(opportunities / (prior's of a day x shape of the step)).</summary>
    public const int Volume = 0;

    /// <summary>log(mean value / prior's mean value); revenue: relative to the campaign's own mean of the day.</summary>
    public const int Level = 1;

    /// <summary>How far, in log bid, the prior's curve must be moved to lie over the step's response curve.</summary>
    public const int Price = 2;

    /// <summary>Bounds of each latent: beyond them a step says that something is wrong, not how much of it.</summary>
    private const double Limit = 2, PriceLimit = 1;

    /// <summary>By how much two steps' level - price can differ.</summary>
    internal const double LargestSpread = 2 * (Limit + PriceLimit);

    /// <summary>Keeps a latent inside its bounds.</summary>
    internal static double Clamp(double latent, int channel)
    {
        double limit = channel == Price ? PriceLimit : Limit;
        return Math.Clamp(latent, -limit, limit);
    }

    /// <summary>Writes what is known when the running step is decided: everything of closed steps that left traces, of the running one what was forecast for it.</summary>
    /// <param name="input">With a prior.</param>
    /// <param name="market">48 x 3 latents; 0 where unknown.</param>
    /// <param name="known">48 x 3: 1 where known.</param>
    /// <param name="now">48: 1 at the running step.</param>
    /// <param name="boundary">48: 1 where a value regime begins; all 0 where the prior does not know.</param>
    public static void Write(in ForecastInput input, Span<float> market, Span<float> known, Span<float> now, Span<float> boundary)
    {
        PopulationPrior prior = input.Prior ?? throw new ArgumentException("Latents are relative to a prior.", nameof(input));
        MarketScale scale = MarketScale.Of(input, prior);
        market.Clear();
        known.Clear();
        now.Clear();
        boundary.Clear();
        int step = input.Trajectory.Closed;
        for (int s = 0; s < step; s++)
        {
            // What a pause left of a step is not the market's volume.
            if ((input.ClosedSteps >> s & 1) != 0) continue;
            ref readonly StepRow row = ref input.Trajectory.Rows[s];
            Set(s, Volume, scale.Volume(row.Impressions, prior, s), market, known);
            Set(s, Level, scale.LogLevel(row.MeanValue, prior), market, known);
            Set(s, Price, PriceLevel.OfStep(input, prior, s), market, known);
        }

        if (step < StepClock.StepsPerDay)
        {
            now[step] = 1;
            Set(step, Volume, scale.Volume(input.CurrentImpressions, prior, step), market, known);
            Set(step, Level, scale.LogLevel(input.CurrentMeanValue, prior), market, known);
        }

        if (prior.RegimeSteps <= 0) return;
        for (int s = 0; s < StepClock.StepsPerDay; s += prior.RegimeSteps) boundary[s] = 1;
    }

    private static void Set(int step, int channel, double latent, Span<float> market, Span<float> known)
    {
        if (!double.IsFinite(latent)) return;
        market[step * Channels + channel] = (float)Clamp(latent, channel);
        known[step * Channels + channel] = 1;
    }
}
