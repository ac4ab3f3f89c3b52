using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>One candidate of a gate on frozen rivals that it knows everything about, all test days.</summary>
/// <param name="Share">Share of S*; null where S* sums to nothing.</param>
/// <param name="Low">Lower end of its 95 % interval.</param>
/// <param name="Kept">Share of keys with expected CPA at most the target.</param>
/// <param name="Spent">Sum of cost / sum of budgets.</param>
public sealed record GateShare(PacingMode Mode, double BudgetFactor, string Policy, double? Share, double? Low, double? High, double Kept, double Spent)
{
    internal static GateShare Of(ScoreGroup group, ScoreRow row) => new(
        group.Mode,
        group.BudgetFactor,
        row.Policy,
        GateComparison.Rounded(row.Share),
        GateComparison.Rounded(row.ShareInterval?.Low),
        GateComparison.Rounded(row.ShareInterval?.High),
        Math.Round(row.ValidExpected, 6),
        Math.Round(row.SpentShare, 6));
}
