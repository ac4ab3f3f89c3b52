using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>A policy's mean day in one table: means over the periods of <see cref="PolicyOutcome"/>'s figures, 48 steps each.</summary>
public sealed record PolicyDay(
    string Policy,
    PacingMode Mode,
    EvaluationPath Path,
    double BudgetFactor,
    IReadOnlyList<double> SpendShare,
    IReadOnlyList<double> ValueShare,
    IReadOnlyList<double> MultiplierP10,
    IReadOnlyList<double> MultiplierP50,
    IReadOnlyList<double> MultiplierP90);
