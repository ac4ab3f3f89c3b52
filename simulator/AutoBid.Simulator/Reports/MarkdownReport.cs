using System.Text;
using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>The tables in Markdown, for committed results; command and machine are the caller's to add.</summary>
public static class MarkdownReport
{
    private static readonly string[] Columns =
        ["budget", "policy", "keys", "score", "realised", "% of S*", "95 %", "conv.", "cost", "spent %", "CPA kept %", "on drawn conv. %", "difference", "95 %", "Holm p", "reaction gap"];

    public static string Write(EvaluationReport report)
    {
        PlanSummary plan = report.Plan;
        var text = new StringBuilder();
        text.Append($"Seed {plan.Seed}, periods {ReportText.Days(plan)} on {string.Join(", ", plan.LineUps)}, {ReportText.Count(plan.OpportunitiesPerPeriod)} opportunities a period, ")
            .Append($"{plan.Seats} seats, prior {plan.Prior ?? "none"}, guard {(plan.Guard ? "on" : "off")}")
            .Append(plan.Shift is null ? "" : $", shift {plan.Shift}")
            .Append(plan.Unknown.Count == 0 ? "" : $", candidates are not told: {string.Join(", ", plan.Unknown)}")
            .Append($".\nEvaluation `{plan.Identity}`.\n\n")
            .Append("% of S* = sum of expected scores / sum of S*. Score, conversions and cost are means a key. 95 % intervals: bootstrap clustered by period ")
            .Append($"({ReportText.Count(report.Resamples)} resamples of {plan.Periods} periods). {report.BaselineRule}")
            .Append(ReportText.FewPeriods(plan) is { } few ? $" {few}\n" : "\n");
        foreach (IGrouping<(PacingMode Mode, EvaluationPath Path), ScoreGroup> view in report.Groups.GroupBy(g => (g.Mode, g.Path)))
        {
            bool gaps = report.Gaps.Count > 0;
            string[] columns = gaps ? Columns : Columns[..^1];
            text.Append($"\n### {ReportText.View(view.Key.Mode, view.Key.Path)}\n\n");
            Line(text, columns);
            Line(text, columns.Select((_, i) => i < 2 ? "---" : "---:"));
            foreach (ScoreGroup group in view)
                foreach (ScoreRow row in group.Rows) Line(text, Cells(report, group, row).Take(columns.Length));
        }

        return text.ToString();
    }

    private static IEnumerable<string> Cells(EvaluationReport report, ScoreGroup group, ScoreRow row) =>
    [
        ReportText.Budget(group.BudgetFactor),
        row.Share is not null && row.Share == group.Rows.Max(r => r.Share) ? $"**{row.Policy}**" : row.Policy,
        ReportText.Count(row.Keys),
        ReportText.Decimals(row.Expected),
        ReportText.Decimals(row.Realised),
        ReportText.Percent(row.Share),
        ReportText.Percent(row.ShareInterval),
        ReportText.Decimals(row.Conversions),
        ReportText.Decimals(row.Cost, 0),
        ReportText.Percent(row.SpentShare),
        ReportText.Percent(row.ValidExpected),
        ReportText.Percent(row.ValidRealised),
        row.Policy == group.Baseline ? "baseline" : ReportText.Points(row.Difference?.Difference),
        ReportText.Points(row.Difference?.Interval),
        ReportText.PValue(row.Difference?.HolmPValue),
        Gap(report, group, row),
    ];

    private static string Gap(EvaluationReport report, ScoreGroup group, ScoreRow row)
        => report.Gaps.FirstOrDefault(g => g.Policy == row.Policy && g.Mode == group.Mode && g.BudgetFactor == group.BudgetFactor) is { } gap
            ? $"{ReportText.Points(gap.Gap.Difference)} {ReportText.Points(gap.Gap.Interval)}" : ReportText.Points((double?)null);

    private static void Line(StringBuilder text, IEnumerable<string> cells)
        => text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
