using System.Globalization;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>Distribution of CPA / target over the keys of one budget, cumulative, on a log axis with a line at 1.</summary>
internal static class CpaChart
{
    private const double Width = 340, Height = 210, Left = 38, Right = 328, Top = 10, Bottom = 184, Lowest = 0.25, Highest = 2.5;

    private static readonly double[] Ticks = [0.25, 0.5, 0.75, 1, 1.5, 2];

    public static string Draw(ReportView view, ScoreGroup group)
    {
        var svg = new Svg(Width, Height, $"CPA over target at {ReportText.Budget(group.BudgetFactor)} budget");
        var plot = new Plot(svg, Axis.Logarithmic(Lowest, Highest, Left, Right), Axis.Linear(0, 1, Bottom, Top), Left, Right, Top, Bottom);
        plot.Up([0, 0.25, 0.5, 0.75, 1], tick => ReportText.Percent(tick).Replace(".0", "", StringComparison.Ordinal))
            .Across(Ticks, tick => tick.ToString("0.##", CultureInfo.InvariantCulture));
        svg.Line(plot.X.At(1), Top, plot.X.At(1), Bottom, "zero", "The target");
        foreach (ScoreRow row in group.Rows)
        {
            if (row.CpaRatios.Count == 0) continue;
            double[] shares = [.. Enumerable.Range(0, row.CpaRatios.Count).Select(i => i / (row.CpaRatios.Count - 1.0))];
            string median = row.CpaRatios[row.CpaRatios.Count / 2].ToString("0.00", CultureInfo.InvariantCulture);
            plot.Curve(row.CpaRatios, shares, $"curve {view.StyleOf(row.Policy)}", $"{row.Policy}: median CPA {median} of the target; kept on {ReportText.Percent(row.ValidExpected)} % of keys");
        }

        return svg.ToString();
    }
}
