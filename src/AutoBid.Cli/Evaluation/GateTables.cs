using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Gate;
using AutoBid.Simulator.Reports;
using Spectre.Console;

namespace AutoBid.Cli.Evaluation;

/// <summary>A gate's outcome on a terminal.</summary>
internal static class GateTables
{
    private static readonly string[] Columns = ["model %", "reference %", "difference", "95 %", "CPA ≤ C %", "reference", "≤ 1.1 C %", "reference", "keys"];

    public static void Write(IAnsiConsole console, GateDecision decision, GateFigures figures)
    {
        (string Title, IEnumerable<GateComparison> Rows)[] views =
        [
            ("rivals frozen", figures.Of(EvaluationPath.Frozen, known: true)),
            ("rivals react", figures.Of(EvaluationPath.Full, known: true)),
            ("rivals frozen; step, regime and curves unknown (decides nothing)", figures.Of(EvaluationPath.Frozen, known: false)),
        ];
        foreach ((string title, IEnumerable<GateComparison> rows) in views)
        {
            console.WriteLine();
            console.MarkupLine($"[bold]{title}[/]");
            Table table = new Table().Border(TableBorder.Simple).AddColumns("mode", "budget", "reference");
            foreach (string column in Columns) table.AddColumn(new TableColumn(column).RightAligned());
            foreach (GateComparison c in rows)
            {
                string[] cells = [c.Mode.ToString(), ReportText.Budget(c.BudgetFactor), c.Reference, .. GateText.Cells(c)];
                table.AddRow([.. cells.Select(Markup.Escape)]);
            }

            console.Write(table);
        }

        foreach (string shortfall in decision.Shortfalls) console.WriteLine($"short of a default: {shortfall}");
        console.MarkupLine($"[bold]{Markup.Escape(figures.Model)}: {GateVerdict.Word(decision.Verdict)}[/]");
    }

    /// <summary>Who is the reference where: SpendFirst mpc at 50 %, ...</summary>
    public static string Words(IReadOnlyList<GateReference> references)
        => string.Join("; ", references.GroupBy(r => r.Mode).Select(mode => $"{mode.Key} {string.Join(", ", mode.GroupBy(r => r.Policy).Select(Words))}"));

    private static string Words(IGrouping<string, GateReference> policy) => $"{policy.Key} at {string.Join(", ", policy.Select(r => ReportText.Budget(r.BudgetFactor)))}";
}
