using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation;

/// <summary>S* of all seats of one base period at one budget factor and mode, and what constant multipliers would have brought; by seat, and by multiplier.</summary>
public sealed record OracleOutcome
{
    public required double BudgetFactor { get; init; }

    public required PacingMode Mode { get; init; }

    /// <summary>Account currency, scaled by the factor.</summary>
    public required double[] Budget { get; init; }

    /// <summary>CPA, account currency.</summary>
    public required double[] Target { get; init; }

    /// <summary>S*.</summary>
    public required double[] Score { get; init; }

    /// <summary>The best constant multiplier in hindsight.</summary>
    public required double[] Multiplier { get; init; }

    /// <summary>Cost of the day at it, account currency.</summary>
    public required double[] Cost { get; init; }

    /// <summary>Expected conversions of the day at it. S* itself in TargetFirst.</summary>
    public required double[] Value { get; init; }

    /// <summary>By multiplier of <see cref="PeriodOutcome.ResponseMultipliers"/>: mean cost of a day at it, account currency.</summary>
    public required double[] ResponseCost { get; init; }

    /// <summary>The same: mean expected conversions.</summary>
    public required double[] ResponseValue { get; init; }
}
