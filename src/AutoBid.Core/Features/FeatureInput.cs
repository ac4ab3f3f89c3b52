using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Features;

/// <summary>What a feature row is made from.</summary>
public readonly struct FeatureInput
{
    public required ForecastInput Forecast { get; init; }

    /// <summary>True in mode TargetFirst.</summary>
    public required bool TargetFirst { get; init; }

    /// <summary>False for MaxConversions.</summary>
    public required bool HasTarget { get; init; }

    /// <summary>
    /// The same campaign as it stood when step <paramref name="step"/> was decided. Where the caller knows the running step's opportunities
    /// (<paramref name="knowsStep"/>), a past step knew its own.
    /// </summary>
    public FeatureInput AsOf(int step, bool knowsStep)
    {
        TrajectoryView now = Forecast.Trajectory;
        if (step == now.Closed) return this;
        ref readonly StepRow row = ref now.Rows[step];
        return new FeatureInput
        {
            Forecast = Forecast with
            {
                Trajectory = now.AsOf(step),
                CurrentImpressions = knowsStep ? row.Impressions : 0,
                CurrentMeanValue = knowsStep ? row.MeanValue : 0,
            },
            TargetFirst = TargetFirst,
            HasTarget = HasTarget,
        };
    }
}
