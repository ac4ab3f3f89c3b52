using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation;

/// <summary>One policy at one budget factor and mode on all seats of one period: a column per figure, indexed by seat, and means over the seats by step.</summary>
public sealed record PolicyOutcome
{
    public required string Policy { get; init; }

    public required double BudgetFactor { get; init; }

    public required PacingMode Mode { get; init; }

    /// <summary>Account currency.</summary>
    public required double[] Cost { get; init; }

    /// <summary>Expected conversions.</summary>
    public required double[] Value { get; init; }

    public required int[] Conversions { get; init; }

    /// <summary>Score on expected conversions.</summary>
    public required double[] Expected { get; init; }

    /// <summary>Score on drawn conversions.</summary>
    public required double[] Realised { get; init; }

    /// <summary>By step: mean of spend so far / budget.</summary>
    public required double[] SpendShare { get; init; }

    /// <summary>By step: mean of expected conversions so far x target / budget.</summary>
    public required double[] ValueShare { get; init; }

    /// <summary>By step: 10th percentile of the executed multipliers of seats with money left (of all, where none has).</summary>
    public required double[] MultiplierP10 { get; init; }

    public required double[] MultiplierP50 { get; init; }

    public required double[] MultiplierP90 { get; init; }
}
