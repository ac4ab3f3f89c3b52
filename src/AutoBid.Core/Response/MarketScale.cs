using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>What the latents of a campaign's market are relative to, besides the prior's curve.</summary>
/// <param name="PerDay">Opportunities of a day; 0: unknown.</param>
/// <param name="Level">Mean value relative to the prior's at which the level's latent is 0.</param>
internal readonly record struct MarketScale(double PerDay, double Level)
{
    public static MarketScale Of(in ForecastInput input, PopulationPrior prior)
    {
        // Revenue has a scale of its own: only how it moves compares with the population's levels.
        double level = input.ValueIsRevenue ? ValueLevel.Lasting(input, ValueLevel.Start(input)) : 1;
        return new MarketScale(prior.OpportunitiesPerDay > 0 ? prior.OpportunitiesPerDay : SeenPerDay(input, prior), level);
    }

    /// <summary>Log of a step's opportunities relative to what day and prior expect of it; NaN where unknown.</summary>
    public double Volume(double impressions, PopulationPrior prior, int step)
    {
        double expected = PerDay * prior.Shape[step];
        return impressions > 0 && expected > 0 ? Math.Log(impressions / expected) : double.NaN;
    }

    /// <summary>Log of a step's mean value relative to the prior's and <see cref="Level"/>; NaN where unknown.</summary>
    public double LogLevel(double meanValue, PopulationPrior prior) => meanValue > 0 ? Math.Log(meanValue / prior.MeanValue / Level) : double.NaN;

    private static double SeenPerDay(in ForecastInput input, PopulationPrior prior)
    {
        double seen = 0, share = 0;
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        for (int s = 0; s < rows.Length; s++)
        {
            if ((input.ClosedSteps >> s & 1) != 0) continue;
            seen += rows[s].Impressions;
            share += prior.Shape[s];
        }

        if (seen > 0 && share > 0) return seen / share;
        int now = input.Trajectory.Closed;
        double expected = now < StepClock.StepsPerDay ? prior.Shape[now] : 0;
        return input.CurrentImpressions > 0 && expected > 0 ? input.CurrentImpressions / expected : 0;
    }
}
