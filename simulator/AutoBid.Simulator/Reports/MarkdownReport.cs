using System.Text;
using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>The tables in Markdown, for committed results; command and machine are the caller's to add.</summary>
public static class MarkdownReport
{
    public static string Write(EvaluationReport report)
    {
        PlanSummary plan = report.Plan;
        var text = new StringBuilder();
        text.Append($"Seed {plan.Seed}, periods {ReportText.Days(plan)} on {string.Join(", ", plan.LineUps)}, {ReportText.Count(plan.OpportunitiesPerPeriod)} opportunities a period, ")
            .Append($"{plan.Seats} seats, prior {plan.Prior ?? "none"}, guard {(plan.Guard ? "on" : "off")}")
            .Append(plan.Shift is null ? "" : $", shift {plan.Shift}")
            .Append(plan.Unknown.Count == 0 ? "" : $", candidates are not told: {string.Join(", ", plan.Unknown)}")
            .Append($".\nEvaluation `{plan.Identity}`.\n\n")
            .Append("% of S* = sum of expected scores / sum of S*. Score, conversions and cost are means a key. Budget use: cost / budgets on the keys ")
            .Append("(their number in brackets) whose S* spends at least 98.5 % of its budget within the target. At 1.1 C: CPA at most 1.1 times the target. ")
            .Append(plan.Modes.Contains(nameof(PacingMode.TargetFirst)) ? "% of value = sum of expected conversions / sum of those of S*, which TargetFirst holds to the target. " : "")
            .Append("95 % intervals: bootstrap clustered by period ")
            .Append($"({ReportText.Count(report.Resamples)} resamples of {plan.Periods} periods). {report.BaselineRule}")
            .Append(ReportText.FewPeriods(plan) is { } few ? $" {few}\n" : "\n");
        foreach (IGrouping<(PacingMode Mode, EvaluationPath Path), ScoreGroup> view in report.Groups.GroupBy(g => (g.Mode, g.Path)))
        {
            IReadOnlyList<ResultColumn> columns = ResultColumn.Of(report, view.Key.Mode);
            text.Append($"\n### {ReportText.View(view.Key.Mode, view.Key.Path)}\n\n");
            Line(text, ["budget", "policy", "keys", .. columns.Select(column => column.Head)]);
            Line(text, ["---", "---", "---:", .. columns.Select(_ => "---:")]);
            foreach (ScoreGroup group in view)
                foreach (ScoreRow row in group.Rows) Line(text, Cells(columns, group, row));
        }

        return text.ToString();
    }

    internal static void Line(StringBuilder text, IEnumerable<string> cells)
        => text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");

    private static IEnumerable<string> Cells(IReadOnlyList<ResultColumn> columns, ScoreGroup group, ScoreRow row) =>
    [
        ReportText.Budget(group.BudgetFactor),
        row.Share is not null && row.Share == group.Rows.Max(r => r.Share) ? $"**{row.Policy}**" : row.Policy,
        ReportText.Count(row.Keys),
        .. columns.Select(column => column.Cell(group, row)),
    ];
}
