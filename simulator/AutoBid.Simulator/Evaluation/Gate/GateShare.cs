using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>One candidate of a gate on frozen rivals that it knows everything about, all test days.</summary>
/// <param name="Share">Share of S*; null where S* sums to nothing.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="Kept">Share of keys with expected CPA at most the target.</param>
/// <param name="Valid">Share of keys with expected CPA at most 1.1 targets.</param>
/// <param name="Spent">Sum of cost / sum of budgets.</param>
/// <param name="BudgetUse">The same on keys whose best constant spends the budget within the target; null where there are none.</param>
public sealed record GateShare(PacingMode Mode, double BudgetFactor, string Policy, double? Share, double? Low, double? High, double Kept, double Valid, double Spent, double? BudgetUse)
{
    internal static GateShare Of(ScoreGroup group, ScoreRow row) => new(
        group.Mode,
        group.BudgetFactor,
        row.Policy,
        GateComparison.Rounded(row.Share),
        GateComparison.Rounded(row.ShareInterval?.Low),
        GateComparison.Rounded(row.ShareInterval?.High),
        Math.Round(row.ValidExpected, 6),
        Math.Round(row.ValidTolerant, 6),
        Math.Round(row.SpentShare, 6),
        GateComparison.Rounded(row.BudgetUse));
}
