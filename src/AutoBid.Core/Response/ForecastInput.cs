using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>What a forecast of the rest of the day is made from.</summary>
public readonly record struct ForecastInput
{
    public required TrajectoryView Trajectory { get; init; }

    /// <summary>Daily budget, account currency.</summary>
    public required double Budget { get; init; }

    /// <summary>Account currency per unit of value.</summary>
    public required double Reference { get; init; }

    /// <summary>True when value is revenue, whose level says nothing about the population's P(conversion).</summary>
    public bool ValueIsRevenue { get; init; }

    public PopulationPrior? Prior { get; init; }

    /// <summary>Of the prior only its volumes count: the mean of the kept curves is extrapolated to the end of the day (the published baseline).</summary>
    public bool RecentCurvesOnly { get; init; }

    /// <summary>
    /// Moves the prior's prices by the level that the day's closed steps show. Off by default: forecasts are inputs of trained models, whose data were
    /// made without it.
    /// </summary>
    public bool FollowsPriceLevel { get; init; }

    /// <summary>Forecast of the running step's opportunities; 0: unknown.</summary>
    public double CurrentImpressions { get; init; }

    /// <summary>One bit per step of the day: 1 where the campaign may not bid (dayparting, end of its flight). Such steps bring nothing and cost nothing.</summary>
    public ulong ClosedSteps { get; init; }

    /// <summary>Forecast of the running step's mean value; 0: unknown.</summary>
    public double CurrentMeanValue { get; init; }
}
