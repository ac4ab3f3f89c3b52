using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Policies.Contracts;

/// <summary>All that a policy may know about one campaign at one control tick. Amounts are doubles in account currency: model inputs, not ledger.</summary>
public readonly struct PolicyInput
{
    public required string CampaignId { get; init; }

    /// <summary>yyyymmdd of the campaign's local day; 0: unknown. Policies that sample draw the same for the same day.</summary>
    public int Day { get; init; }

    public required Objective Objective { get; init; }

    public required PacingMode Mode { get; init; }

    /// <summary>Daily budget, account currency.</summary>
    public required double Budget { get; init; }

    /// <summary>Account currency per unit of value: the bid per value at multiplier 1.</summary>
    public required double Reference { get; init; }

    public required double MinMultiplier { get; init; }

    public required double MaxMultiplier { get; init; }

    /// <summary>Best constant multiplier of earlier days.</summary>
    public double AccountConstant { get; init; }

    /// <summary>The closed steps of the day, their curves, and the running step's partial row.</summary>
    public required TrajectoryView Trajectory { get; init; }

    public PopulationPrior? Prior { get; init; }

    /// <summary>Forecast of the running step's opportunities; 0: unknown.</summary>
    public double CurrentImpressions { get; init; }

    /// <summary>Forecast of the running step's mean value; 0: unknown.</summary>
    public double CurrentMeanValue { get; init; }

    /// <summary>One bit per step: 1 where the campaign may not bid. Forecasts count nothing there.</summary>
    public ulong ClosedSteps { get; init; }

    /// <summary>The multiplier in force; 0: none yet.</summary>
    public double LastMultiplier { get; init; }

    public bool HasTarget => Objective != Objective.MaxConversions;

    /// <summary>What a forecast of the rest of the day is made from.</summary>
    public ForecastInput Forecast => new()
    {
        Trajectory = Trajectory,
        Budget = Budget,
        Reference = Reference,
        ValueIsRevenue = Objective == Objective.TargetRoas,
        Prior = Prior,
        CurrentImpressions = CurrentImpressions,
        CurrentMeanValue = CurrentMeanValue,
        ClosedSteps = ClosedSteps,
    };
}
