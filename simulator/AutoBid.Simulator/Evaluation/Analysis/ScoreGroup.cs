using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>The table of one mode, path and budget factor.</summary>
/// <param name="Baseline">The policy that differences are taken to; null: none.</param>
/// <param name="Rows">In the order of the plan's policies.</param>
public sealed record ScoreGroup(PacingMode Mode, EvaluationPath Path, double BudgetFactor, string? Baseline, IReadOnlyList<ScoreRow> Rows);
