using System.Globalization;
using System.Text;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Reports;

/// <summary>An evaluation as one page that stands alone: no script, font, style or picture from elsewhere, and well-formed as XML too.</summary>
public static class HtmlReport
{
    public static string Write(EvaluationReport report)
    {
        ReportView[] views = [.. report.Groups.GroupBy(g => (g.Mode, g.Path)).Select(g => new ReportView(report, g.Key.Mode, g.Key.Path))];
        var html = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>")
            .Append("<title>AutoBid evaluation</title><style>").Append(HtmlStyle.Sheet).Append(Tabs(views.Length)).Append("</style></head><body>");
        // The switches stand before everything that they show or hide; without a style sheet all views are simply there.
        for (int i = 0; i < views.Length; i++)
            html.Append(CultureInfo.InvariantCulture, $"<input class=\"tab\" type=\"radio\" name=\"view\" id=\"v{i}\"{(i == 0 ? " checked=\"checked\"" : "")}/>");
        Head(html, report, views[0]);
        if (views.Length > 1)
        {
            html.Append("<nav><div>");
            for (int i = 0; i < views.Length; i++) html.Append(CultureInfo.InvariantCulture, $"<label for=\"v{i}\">{Svg.Escape(views[i].ShortTitle)}</label>");
            html.Append("</div></nav>");
        }

        html.Append("<main>");
        for (int i = 0; i < views.Length; i++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<article class=\"view v{i}\">");
            View(html, report, views[i]);
            html.Append("</article>");
        }

        html.Append("</main>");
        Foot(html, report);
        return html.Append("</body></html>\n").ToString();
    }

    private static string Tabs(int views)
    {
        if (views < 2) return "";
        string Each(Func<int, string> rule) => string.Join(',', Enumerable.Range(0, views).Select(rule));
        return ".view{display:none}" + Each(i => $"#v{i}:checked~main .v{i}") + "{display:block}"
            + Each(i => $"#v{i}:checked~nav label[for=v{i}]") + "{color:var(--ink);border-color:var(--edge);background:var(--card);font-weight:600}"
            + Each(i => $"#v{i}:focus-visible~nav label[for=v{i}]") + "{outline:2px solid var(--c0)}";
    }

    private static void Head(StringBuilder html, EvaluationReport report, ReportView first)
    {
        PlanSummary plan = report.Plan;
        html.Append("<header><h1>AutoBid evaluation</h1>");
        html.Append($"<p class=\"lead\">{Svg.Escape(ReportText.Headline(first.Central))} <span class=\"quiet\">{Svg.Escape(first.Title)}.</span></p><dl>");
        Fact("policies", string.Join(", ", plan.Policies.Select(p => p.Model == p.Name ? p.Name : $"{p.Name} ({p.Model})")));
        Fact("budgets", string.Join(", ", plan.BudgetFactors.Select(ReportText.Budget)));
        Fact("periods", $"{ReportText.Days(plan)} ({plan.Periods} days)");
        Fact("line-ups", string.Join(", ", plan.LineUps));
        Fact("seats", plan.Paths.Contains(nameof(EvaluationPath.Full)) ? $"{plan.Seats}, {plan.SeatsTogether} taken over together" : plan.Seats.ToString(CultureInfo.InvariantCulture));
        Fact("market", $"{plan.Preset}: {ReportText.Count(plan.OpportunitiesPerPeriod)} opportunities a day, mean value {plan.MeanValue.ToString("0.####", CultureInfo.InvariantCulture)}");
        Fact("population prior", plan.Prior ?? "none");
        Fact("candidates are not told", plan.Unknown.Count == 0 ? "all is known" : string.Join(", ", plan.Unknown));
        Fact("guard", plan.Guard ? "on" : "off");
        Fact("shift", plan.Shift ?? "none");
        Fact("seed", plan.Seed.ToString(CultureInfo.InvariantCulture));
        html.Append("</dl></header>");

        void Fact(string name, string value) => html.Append($"<div><dt>{Svg.Escape(name)}</dt><dd>{Svg.Escape(value.Replace(" %", "\u00A0%", StringComparison.Ordinal))}</dd></div>");
    }

    private static void View(StringBuilder html, EvaluationReport report, ReportView view)
    {
        html.Append("<ul class=\"legend\">");
        foreach (string policy in view.Policies) html.Append($"<li><i class=\"chip {view.StyleOf(policy)}\"></i>{Svg.Escape(policy)}</li>");
        html.Append("</ul>");

        Section(html, "Score and targets", "Left: share of S*, the best constant multiplier in hindsight; whiskers are 95 % intervals over periods. "
            + "Right: share of seats and days whose CPA stayed at or below the target, filled on expected conversions, hollow on drawn ones.");
        Panels(html, "panels wide", [("% of S* against budget", BudgetChart.Score(view)), ("% of keys that kept their target against budget", BudgetChart.Validity(view))]);

        if (view.Groups.Any(g => g.Baseline is not null))
        {
            Section(html, "Paired differences", report.BaselineRule + " Whiskers are 95 % intervals over periods; a triangle stands for a policy beyond the edge.");
            (double, double) range = ForestChart.Range(view.Groups.Select(g => g.Rows.Select(r => r.Difference)));
            Panels(html, "panels", view.Groups.Select(g => ($"{ReportText.Budget(g.BudgetFactor)} budget", ForestChart.Draw(
                view, $"Differences at {ReportText.Budget(g.BudgetFactor)} budget",
                [.. g.Rows.Select(r => (r.Policy, r.Difference, r.Policy == g.Baseline ? "baseline" : "none"))], range))));
        }

        if (view.Gaps.Count > 0)
        {
            Section(html, "Reaction gap", "Share of S* when rivals react minus that against frozen rivals, in points, on the same keys; a triangle stands for a policy beyond the edge.");
            (double, double) range = ForestChart.Range(view.Gaps.GroupBy(g => g.BudgetFactor).Select(panel => panel.Select(g => (PairedDifference?)g.Gap)));
            Panels(html, "panels", view.Groups.Select(group => ($"{ReportText.Budget(group.BudgetFactor)} budget", ForestChart.Draw(
                view, $"Reaction gap at {ReportText.Budget(group.BudgetFactor)} budget",
                [.. view.Policies.Select(policy => (policy, Gap(policy, group.BudgetFactor), "none"))], range))));
        }

        Section(html, "Spend against time", "Mean share of the budget spent so far. Dotted: share of the day's traffic that has passed.");
        Panels(html, "panels", view.Groups.Select(g => ($"{ReportText.Budget(g.BudgetFactor)} budget", DayChart.Spend(view, g))));
        string central = ReportText.Budget(view.Central.BudgetFactor);
        Section(html, "Multiplier paths", $"Median and 10th to 90th percentile over the seats with money left, at {central} budget; thin lines: medians at the other budgets.");
        (double, double) multipliers = DayChart.MultiplierRange(view);
        Panels(html, "panels", view.Policies.Select(policy => (policy, DayChart.Multipliers(view, policy, multipliers))));
        Section(html, "Response of cost and value", "What a mean seat pays and gets for a day at a constant multiplier, rivals frozen, spending stopped when the budget is gone.");
        Panels(html, "panels wide", [("cost, account currency, against multiplier", ResponseChart.Cost(view)), ("expected conversions against multiplier", ResponseChart.Value(view))]);
        Section(html, "CPA against the target", "Share of keys whose CPA over target, on expected conversions, is at most the figure below; the line at 1 is the target.");
        Panels(html, "panels", view.Groups.Select(g => ($"{ReportText.Budget(g.BudgetFactor)} budget", CpaChart.Draw(view, g))));
        Section(html, "All figures", $"{view.Title}. {report.BaselineRule} Scores, conversions and cost are means a key, that is a seat on a day.");
        html.Append(ResultTable.Of(report, view));

        PairedDifference? Gap(string policy, double budget) => view.Gaps.FirstOrDefault(g => g.Policy == policy && g.BudgetFactor == budget)?.Gap;
    }

    private static void Foot(StringBuilder html, EvaluationReport report)
    {
        html.Append("<footer><p>% of S* is the sum of scores over the sum of S*, never a mean of ratios. Intervals and p-values: bootstrap of whole periods, ")
            .Append($"{ReportText.Count(report.Resamples)} resamples, percentiles widened for the number of periods; p-values adjusted by Holm over the policies of a budget. ")
            .Append(ReportText.FewPeriods(report.Plan) is { } few ? Svg.Escape(few) + " " : "")
            .Append($"Evaluation <code>{Svg.Escape(report.Plan.Identity)}</code>");
        if (report.Plan.PriorSha256 is { } prior) html.Append($", prior <code>{Svg.Escape(prior)}</code>");
        foreach (PlanSummary.PolicyLine policy in report.Plan.Policies)
            if (policy.Sha256 is { } card) html.Append($", {Svg.Escape(policy.Model)} <code>{Svg.Escape(card)}</code>");
        html.Append(".</p></footer>");
    }

    private static void Section(StringBuilder html, string title, string text) => html.Append($"<h2>{Svg.Escape(title)}</h2><p>{Svg.Escape(text)}</p>");

    private static void Panels(StringBuilder html, string style, IEnumerable<(string Title, string Picture)> panels)
    {
        html.Append($"<div class=\"{style}\">");
        foreach ((string title, string picture) in panels) html.Append($"<section class=\"panel\"><h3>{Svg.Escape(title)}</h3>{picture}</section>");
        html.Append("</div>");
    }
}
