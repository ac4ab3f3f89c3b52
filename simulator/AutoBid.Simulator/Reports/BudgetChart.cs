using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Reports;

/// <summary>One figure per policy against the budget factor: dots with whiskers, side by side within a budget.</summary>
internal static class BudgetChart
{
    private const double Width = 460, Height = 292, Left = 40, Right = 362, Top = 14, Bottom = 262;

    /// <summary>Share of S* with its interval.</summary>
    public static string Score(ReportView view) => Draw(
        view, "Share of S* by budget", row => row.Share, row => row.ShareInterval, row => null, fullScale: false,
        (row, group) => $"{row.Policy} at {ReportText.Budget(group.BudgetFactor)} budget: {ReportText.Percent(row.Share)} % of S* {ReportText.Percent(row.ShareInterval)}");

    /// <summary>Share of keys that kept their target: filled on expected conversions, hollow on drawn ones.</summary>
    public static string Validity(ReportView view) => Draw(
        view, "Keys that kept their CPA target, by budget", row => row.ValidExpected, row => null, row => row.ValidRealised, fullScale: true,
        (row, group) => $"{row.Policy} at {ReportText.Budget(group.BudgetFactor)} budget: target kept on {ReportText.Percent(row.ValidExpected)} % of keys by expected, "
            + $"{ReportText.Percent(row.ValidRealised)} % by drawn conversions");

    private static string Draw(
        ReportView view, string label, Func<ScoreRow, double?> value, Func<ScoreRow, Interval?> interval, Func<ScoreRow, double?> hollow, bool fullScale,
        Func<ScoreRow, ScoreGroup, string> title)
    {
        ScoreRow[] rows = [.. view.Groups.SelectMany(g => g.Rows)];
        double[] figures =
        [
            .. rows.Select(value).Concat(rows.Select(hollow)).Concat(rows.Select(r => interval(r)?.Low)).Concat(rows.Select(r => interval(r)?.High)).OfType<double>(),
        ];
        if (figures.Length == 0) figures = [0, 1];
        (double low, double high) = fullScale ? (0, 1) : Axis.Widen(figures.Min(), figures.Max(), 6);
        var svg = new Svg(Width, Height, label);
        var plot = new Plot(svg, Axis.Linear(-0.5, view.Groups.Count - 0.5, Left, Right), Axis.Linear(low, high, Bottom, Top), Left, Right, Top, Bottom);
        plot.Up(plot.Y.Ticks(6), tick => ReportText.Percent(tick).Replace(".0", "", StringComparison.Ordinal))
            .Across(Enumerable.Range(0, view.Groups.Count).Select(i => (double)i), at => ReportText.Budget(view.Groups[(int)at].BudgetFactor));
        double spacing = Math.Min(0.72 / Math.Max(view.Policies.Count, 1), 0.2);
        double Place(int group, int policy) => plot.X.At(group + (policy - (view.Policies.Count - 1) / 2.0) * spacing);
        for (int policy = 0; policy < view.Policies.Count; policy++)
        {
            string style = view.StyleOf(view.Policies[policy]);
            svg.Curve([.. view.Groups.Select((g, i) => (Row: g.Rows[policy], i)).Where(p => value(p.Row) is not null).Select(p => (Place(p.i, policy), plot.Y.At(value(p.Row)!.Value)))], $"trend {style}");
            for (int i = 0; i < view.Groups.Count; i++)
            {
                ScoreRow row = view.Groups[i].Rows[policy];
                if (value(row) is not { } at) continue;
                if (interval(row) is { } whisker) svg.Line(Place(i, policy), plot.Y.At(whisker.Low), Place(i, policy), plot.Y.At(whisker.High), $"whisker {style}", title(row, view.Groups[i]));
                if (hollow(row) is { } second) svg.Dot(Place(i, policy), plot.Y.At(second), 3.4, $"hollow {style}", title(row, view.Groups[i]));
                svg.Dot(Place(i, policy), plot.Y.At(at), 3.8, $"dot {style}", title(row, view.Groups[i]));
            }
        }

        plot.Names(view.Groups[^1].Rows.Where(row => value(row) is not null).Select(row => (value(row)!.Value, row.Policy, view.StyleOf(row.Policy))), gap: 2);
        return svg.ToString();
    }
}
