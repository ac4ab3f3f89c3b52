using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>A column of an evaluation's tables: the same on the terminal, in Markdown and on the page.</summary>
/// <param name="Title">What it means, in a line.</param>
/// <param name="Decides">Whether it belongs in a table that has little room.</param>
public sealed record ResultColumn(string Head, string Title, Func<ScoreGroup, ScoreRow, string> Cell, bool Decides = false)
{
    /// <summary>The columns of one mode, after budget and policy.</summary>
    public static IReadOnlyList<ResultColumn> Of(EvaluationReport report, PacingMode mode) =>
    [
        new("% of S*", "Sum of expected scores / sum of S*, the best constant multiplier in hindsight against frozen rivals",
            (_, row) => ReportText.Percent(row.Share), Decides: true),
        new("95 %", "Bootstrap interval clustered by period", (_, row) => ReportText.Percent(row.ShareInterval), Decides: true),
        new("difference", "Points of S* against the table's baseline, on the same keys",
            (group, row) => row.Policy == group.Baseline ? "baseline" : ReportText.Points(row.Difference?.Difference), Decides: true),
        new("95 %", "Bootstrap interval of the paired difference, clustered by period", (_, row) => ReportText.Points(row.Difference?.Interval), Decides: true),
        new("Holm p", "Two-sided p-value of no difference, adjusted over the policies of the block", (_, row) => ReportText.PValue(row.Difference?.HolmPValue), Decides: true),
        .. mode == PacingMode.TargetFirst ? Value() : [],
        new("score", "Mean score a key on expected conversions", (_, row) => ReportText.Decimals(row.Expected)),
        new("realised", "Mean score a key on drawn conversions", (_, row) => ReportText.Decimals(row.Realised)),
        new("conv.", "Mean drawn conversions a key", (_, row) => ReportText.Decimals(row.Conversions)),
        new("cost", "Mean cost a key, account currency", (_, row) => ReportText.Decimals(row.Cost, 0)),
        new("spent %", "Sum of cost / sum of budgets", (_, row) => ReportText.Percent(row.SpentShare), Decides: true),
        new("budget use % (keys)", "Sum of cost / sum of budgets on keys whose S* spends at least 98.5 % of its budget within the target, and how many they are",
            (_, row) => ReportText.BudgetUse(row)),
        new("CPA kept %", "Keys that kept their target on expected conversions", (_, row) => ReportText.Percent(row.ValidExpected), Decides: true),
        new("at 1.1 C %", "Keys whose CPA on expected conversions is at most 1.1 times the target", (_, row) => ReportText.Percent(row.ValidTolerant)),
        new("drawn %", "Keys that kept their target on drawn conversions", (_, row) => ReportText.Percent(row.ValidRealised)),
        .. report.Gaps.Count > 0 ? Reaction(report) : [],
    ];

    private static ResultColumn[] Value() =>
    [
        new("% of value", "Sum of expected conversions / sum of those of S*, which is held to the target; read it beside CPA kept",
            (_, row) => ReportText.Percent(row.ValueShare), Decides: true),
        new("95 %", "Bootstrap interval clustered by period", (_, row) => ReportText.Percent(row.ValueShareInterval)),
        new("value difference", "Points of S*'s expected conversions against the table's baseline, on the same keys",
            (group, row) => row.Policy == group.Baseline ? "baseline" : ReportText.Points(row.ValueDifference?.Difference), Decides: true),
        new("95 %", "Bootstrap interval of the paired difference, clustered by period", (_, row) => ReportText.Points(row.ValueDifference?.Interval)),
        new("Holm p", "Two-sided p-value of no difference in value, adjusted over the policies of the block", (_, row) => ReportText.PValue(row.ValueDifference?.HolmPValue)),
    ];

    private static ResultColumn[] Reaction(EvaluationReport report) =>
    [
        new("gap", "Reaction gap: points of S* when rivals react minus against frozen rivals", (group, row) => Gap(report, group, row), Decides: true),
    ];

    private static string Gap(EvaluationReport report, ScoreGroup group, ScoreRow row)
        => report.Gaps.FirstOrDefault(g => g.Policy == row.Policy && g.Mode == group.Mode && g.BudgetFactor == group.BudgetFactor) is { } gap
            ? $"{ReportText.Points(gap.Gap.Difference)} {ReportText.Points(gap.Gap.Interval)}" : ReportText.Points((double?)null);
}
