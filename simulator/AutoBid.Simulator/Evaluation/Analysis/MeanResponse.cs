using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>What a day at a constant multiplier costs and brings a mean seat, rivals frozen and the budget kept.</summary>
/// <param name="Cost">By multiplier of <see cref="PeriodOutcome.ResponseMultipliers"/>, account currency.</param>
/// <param name="Value">The same, expected conversions.</param>
public sealed record MeanResponse(PacingMode Mode, double BudgetFactor, IReadOnlyList<double> Cost, IReadOnlyList<double> Value);
