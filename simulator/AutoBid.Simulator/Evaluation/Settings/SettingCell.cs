using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Evaluation.Settings;

/// <summary>One policy in one row of a comparison of settings.</summary>
/// <param name="Share">Expected scores / S* of the row's own market.</param>
/// <param name="Loss">Share in the setting that the row is measured from, minus the share here; null in that setting itself and where it was not played.</param>
/// <param name="Difference">Against the row's baseline, in the same setting; null for the baseline itself and where there is none.</param>
/// <param name="ValidExpected">Share of keys that kept their target on expected conversions.</param>
public sealed record SettingCell(string Policy, double? Share, Interval? ShareInterval, PairedDifference? Loss, PairedDifference? Difference, double ValidExpected);
