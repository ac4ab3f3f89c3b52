using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation.Settings;

/// <summary>All policies in one setting, at one mode, path and budget factor.</summary>
/// <param name="Baseline">The policy that differences are taken to; null: none.</param>
/// <param name="Cells">In the order of the plan's policies.</param>
public sealed record SettingRow(EvaluationSetting Setting, PacingMode Mode, EvaluationPath Path, double BudgetFactor, string? Baseline, IReadOnlyList<SettingCell> Cells);
