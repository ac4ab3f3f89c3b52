using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Reports;
using Spectre.Console;

namespace AutoBid.Cli.Evaluation;

/// <summary>An evaluation's tables on a terminal: one per mode and path, a block of rows per budget.</summary>
internal static class EvaluationTables
{
    /// <summary>Narrower terminals get the columns that decide.</summary>
    private const int WideEnough = 150;

    public static void Write(IAnsiConsole console, EvaluationReport report)
    {
        foreach (IGrouping<(PacingMode Mode, EvaluationPath Path), ScoreGroup> view in report.Groups.GroupBy(g => (g.Mode, g.Path)))
        {
            console.WriteLine();
            console.MarkupLine($"[bold]{ReportText.View(view.Key.Mode, view.Key.Path)}[/]");
            console.Write(View(report, [.. view], console.Profile.Width >= WideEnough));
        }

        console.WriteLine(report.BaselineRule);
        if (ReportText.FewPeriods(report.Plan) is { } few) console.WriteLine(few);
        console.WriteLine(
            $"seed {report.Plan.Seed}   periods {ReportText.Days(report.Plan)} on {string.Join(' ', report.Plan.LineUps)}   prior {report.Plan.Prior ?? "none"}   "
            + $"evaluation {report.Plan.Identity[..12]}");
    }

    private static Table View(EvaluationReport report, IReadOnlyList<ScoreGroup> groups, bool wide)
    {
        bool gaps = report.Gaps.Count > 0;
        string[] columns = ["% of S*", "95 %", "difference", "95 %", "Holm p", "score", .. wide ? (string[])["realised", "conv.", "cost"] : [], "spent %", "CPA kept %", .. wide ? (string[])["drawn %", "keys"] : [], .. gaps ? (string[])["gap"] : []];
        Table table = new Table().Border(TableBorder.Simple).AddColumn("budget").AddColumn("policy");
        foreach (string column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)).RightAligned());
        foreach (ScoreGroup group in groups)
        {
            if (group != groups[0] && group.Rows.Count > 1) table.AddEmptyRow();
            foreach (ScoreRow row in group.Rows)
            {
                bool best = group.Rows.Count > 1 && row.Share is not null && row.Share == group.Rows.Max(r => r.Share);
                string policy = Markup.Escape(row.Policy);
                string[] cells =
                [
                    ReportText.Budget(group.BudgetFactor), best ? $"[bold]{policy}[/]" : policy, .. Cells(report, group, row, wide, gaps).Select(Markup.Escape),
                ];
                table.AddRow(cells);
            }
        }

        return table;
    }

    private static IEnumerable<string> Cells(EvaluationReport report, ScoreGroup group, ScoreRow row, bool wide, bool gaps)
    {
        yield return ReportText.Percent(row.Share);
        yield return ReportText.Percent(row.ShareInterval);
        yield return row.Policy == group.Baseline ? "baseline" : ReportText.Points(row.Difference?.Difference);
        yield return ReportText.Points(row.Difference?.Interval);
        yield return ReportText.PValue(row.Difference?.HolmPValue);
        yield return ReportText.Decimals(row.Expected);
        if (wide)
        {
            yield return ReportText.Decimals(row.Realised);
            yield return ReportText.Decimals(row.Conversions);
            yield return ReportText.Decimals(row.Cost, 0);
        }

        yield return ReportText.Percent(row.SpentShare);
        yield return ReportText.Percent(row.ValidExpected);
        if (wide)
        {
            yield return ReportText.Percent(row.ValidRealised);
            yield return ReportText.Count(row.Keys);
        }

        if (gaps) yield return ReportText.Points(report.Gaps.First(g => g.Policy == row.Policy && g.Mode == group.Mode && g.BudgetFactor == group.BudgetFactor).Gap.Difference);
    }
}
