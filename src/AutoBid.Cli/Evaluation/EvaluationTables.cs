using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Settings;
using AutoBid.Simulator.Reports;
using Spectre.Console;

namespace AutoBid.Cli.Evaluation;

/// <summary>An evaluation's tables on a terminal: one per mode and path, a block of rows per budget.</summary>
internal static class EvaluationTables
{
    /// <summary>Narrower terminals get the columns that decide.</summary>
    private const int WideEnough = 150;

    /// <summary>Evaluations side by side: one table per mode and path.</summary>
    public static void Write(IAnsiConsole console, SettingComparison comparison)
    {
        var text = new SettingTable(comparison);
        foreach ((string title, IReadOnlyList<IReadOnlyList<string>> rows) in text.Tables(intervals: false))
        {
            console.WriteLine();
            console.MarkupLine($"[bold]{title}[/]");
            Table table = new Table().Border(TableBorder.Simple);
            for (int i = 0; i < text.Heads.Count; i++)
            {
                var column = new TableColumn(Markup.Escape(text.Heads[i]));
                table.AddColumn(i < text.Texts ? column : column.RightAligned());
            }

            foreach (IReadOnlyList<string> row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
            console.Write(table);
        }

        console.WriteLine(text.LossRule);
        console.WriteLine(comparison.BaselineRule);
        if (ReportText.FewPeriods(comparison.Plans[0]) is { } few) console.WriteLine(few);
    }

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
        ResultColumn[] columns = [.. ResultColumn.Of(report, groups[0].Mode).Where(column => wide || column.Decides)];
        Table table = new Table().Border(TableBorder.Simple).AddColumn("budget").AddColumn("policy");
        foreach (ResultColumn column in columns) table.AddColumn(new TableColumn(Markup.Escape(column.Head)).RightAligned());
        foreach (ScoreGroup group in groups)
        {
            if (group != groups[0] && group.Rows.Count > 1) table.AddEmptyRow();
            foreach (ScoreRow row in group.Rows)
            {
                bool best = group.Rows.Count > 1 && row.Share is not null && row.Share == group.Rows.Max(r => r.Share);
                string policy = Markup.Escape(row.Policy);
                string[] cells =
                [
                    ReportText.Budget(group.BudgetFactor), best ? $"[bold]{policy}[/]" : policy, .. columns.Select(column => Markup.Escape(column.Cell(group, row))),
                ];
                table.AddRow(cells);
            }
        }

        return table;
    }
}
