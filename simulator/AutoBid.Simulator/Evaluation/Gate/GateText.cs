using System.Text;
using AutoBid.Core.Campaigns;
using AutoBid.Policies.Models;
using AutoBid.Simulator.Reports;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>A gate's outcome in a line and in Markdown tables.</summary>
public static class GateText
{
    private static readonly string[] Columns =
        ["mode", "budget", "reference", "model, % of S*", "reference, % of S*", "difference", "95 %", "model: CPA ≤ C %", "reference", "model: CPA ≤ 1.1 C %", "reference", "keys"];

    /// <summary>Why the verdict is what it is: what fell short first, then the differences to the references.</summary>
    public static string Reason(GateDecision decision, GateFigures figures)
    {
        var text = new StringBuilder();
        if (decision.Verdict != Verdict.Default) text.Append("falls short of a default: ").AppendJoin("; ", decision.Shortfalls).Append(". ");
        IReadOnlyList<GateComparison> frozen = [.. figures.Of(EvaluationPath.Frozen, known: true)];
        text.Append($"{Differences(frozen)} at {Budgets(frozen)} budget, {figures.TestPeriods} unseen days");
        return text.ToString();
    }

    /// <summary>The tables of gate.md.</summary>
    public static string Markdown(GateDecision decision, GateFigures figures)
    {
        var text = new StringBuilder();
        text.Append($"# Gate of {figures.Model}: {GateVerdict.Word(decision.Verdict)}\n\n")
            .Append($"Card `{figures.CardSha256}`, seed {figures.Seed}, days {figures.FirstTestPeriod}–{figures.FirstTestPeriod + figures.TestPeriods - 1} on {string.Join(", ", figures.LineUps)}, ")
            .Append($"{ReportText.Count(figures.OpportunitiesPerPeriod)} opportunities a day, prior {figures.Prior} `{figures.PriorSha256}`.\n")
            .Append($"SpendFirst's references are the best simple policies on days {figures.FirstValidationPeriod}–{figures.FirstValidationPeriod + figures.ValidationPeriods - 1}. ")
            .Append($"Differences are paired, in points of S*; 95 % intervals by bootstrap over days ({ReportText.Count(figures.Resamples)} resamples).\n");
        if (decision.Shortfalls.Count > 0) text.Append("\nShort of a default:\n").AppendJoin("", decision.Shortfalls.Select(shortfall => $"- {shortfall}\n"));
        Table(text, $"Rivals frozen, {figures.TestPeriods} days", figures.Of(EvaluationPath.Frozen, known: true));
        Table(text, $"Rivals react, {figures.SeatsTogether} seats at a time, {figures.FullPeriods} days", figures.Of(EvaluationPath.Full, known: true));
        Table(text, $"Rivals frozen; step, regime and curves unknown, {figures.TestPeriods} days (decides nothing)", figures.Of(EvaluationPath.Frozen, known: false));
        foreach (IGrouping<PacingMode, GateShare> mode in figures.Candidates.GroupBy(c => c.Mode))
        {
            double[] budgets = [.. mode.Select(c => c.BudgetFactor).Distinct()];
            text.Append($"\n## All candidates in {mode.Key}, rivals frozen: % of S* [95 %], CPA ≤ C %, ≤ 1.1 C %, budget use % where the best constant spends it\n\n");
            Line(text, ["policy", .. budgets.Select(ReportText.Budget)]);
            Line(text, ["---", .. budgets.Select(_ => "---:")]);
            foreach (IGrouping<string, GateShare> policy in mode.GroupBy(c => c.Policy))
            {
                Line(text,
                [
                    policy.Key,
                    .. policy.Select(c => $"{ReportText.Percent(c.Share)} [{ReportText.Percent(c.Low)}, {ReportText.Percent(c.High)}], {ReportText.Percent(c.Kept)}, {ReportText.Percent(c.Valid)}, {ReportText.Percent(c.BudgetUse)}"),
                ]);
            }
        }

        return text.ToString();
    }

    /// <summary>One comparison's figures, as columns of a table: everything after mode, budget and reference.</summary>
    public static IReadOnlyList<string> Cells(GateComparison c) =>
    [
        ReportText.Percent(c.ModelShare),
        ReportText.Percent(c.ReferenceShare),
        ReportText.Points(c.Difference),
        Interval(c),
        ReportText.Percent(c.ModelKept),
        ReportText.Percent(c.ReferenceKept),
        ReportText.Percent(c.ModelValid),
        ReportText.Percent(c.ReferenceValid),
        ReportText.Count(c.Keys),
    ];

    /// <summary>Lower and upper end in points; a dash where there is no interval.</summary>
    public static string Interval(GateComparison c) => c is { Low: { } low, High: { } high } ? $"[{ReportText.Points(low)}, {ReportText.Points(high)}]" : ReportText.Points(c.Low);

    private static void Table(StringBuilder text, string title, IEnumerable<GateComparison> comparisons)
    {
        text.Append($"\n## {title}\n\n");
        Line(text, Columns);
        Line(text, Columns.Select((_, i) => i < 3 ? "---" : "---:"));
        foreach (GateComparison c in comparisons) Line(text, [c.Mode.ToString(), ReportText.Budget(c.BudgetFactor), c.Reference, .. Cells(c)]);
    }

    private static string Budgets(IEnumerable<GateComparison> comparisons) => string.Join(" / ", comparisons.Select(c => ReportText.Budget(c.BudgetFactor)).Distinct());

    private static string Differences(IEnumerable<GateComparison> comparisons) => string.Join(", ", comparisons.GroupBy(c => c.Mode).Select(mode =>
        $"{mode.Key} {string.Join(" / ", mode.Select(c => ReportText.Points(c.Difference)))} points of S* over {string.Join(", ", mode.Select(c => c.Reference).Distinct())}"));

    private static void Line(StringBuilder text, IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");
}
