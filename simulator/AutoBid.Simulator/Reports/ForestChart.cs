using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Reports;

/// <summary>Differences in points of S* with their intervals, a row per policy, around a line at 0.</summary>
internal static class ForestChart
{
    private const double Width = 340, Left = 92, Right = 284, Top = 6, RowHeight = 22;

    /// <summary>A range that holds every difference and interval and 0, so that panels beside each other share it.</summary>
    public static (double Low, double High) Range(IEnumerable<PairedDifference?> differences)
    {
        double low = 0, high = 0;
        foreach (PairedDifference? difference in differences)
        {
            if (difference?.Difference is not { } at) continue;
            low = Math.Min(low, difference.Interval?.Low ?? at);
            high = Math.Max(high, difference.Interval?.High ?? at);
        }

        return high > low ? Axis.Widen(low, high, 4) : (-0.01, 0.01);
    }

    /// <param name="rows">Null where there is nothing to compare: the row says what it is.</param>
    public static string Draw(ReportView view, string label, IReadOnlyList<(string Policy, PairedDifference? Difference, string Otherwise)> rows, (double Low, double High) range)
    {
        double bottom = Top + RowHeight * rows.Count;
        var svg = new Svg(Width, bottom + 22, label);
        var plot = new Plot(svg, Axis.Linear(range.Low, range.High, Left, Right), Axis.Linear(0, rows.Count, Top, bottom), Left, Right, Top, bottom);
        plot.Across(plot.X.Ticks(4), tick => (100 * tick).ToString("+0.##;−0.##;0", System.Globalization.CultureInfo.InvariantCulture), grid: true);
        svg.Line(plot.X.At(0), Top, plot.X.At(0), bottom, "zero");
        for (int i = 0; i < rows.Count; i++)
        {
            (string policy, PairedDifference? difference, string otherwise) = rows[i];
            double y = Top + RowHeight * (i + 0.5);
            string style = view.StyleOf(policy);
            svg.Text(Left - 8, y + 3.5, "end", $"name {style}", Plot.Short(policy));
            if (difference?.Difference is not { } at)
            {
                svg.Text(plot.X.At(0) + 5, y + 3.5, "start", "tick", otherwise);
                continue;
            }

            string title = $"{policy}: {ReportText.Points(at)} points of S* {ReportText.Points(difference.Interval)}, p {ReportText.PValue(difference.PValue)}"
                + (difference.HolmPValue is { } holm ? $", Holm {ReportText.PValue(holm)}" : "");
            if (difference.Interval is { } interval) svg.Line(plot.X.At(interval.Low), y, plot.X.At(interval.High), y, $"whisker {style}", title);
            svg.Dot(plot.X.At(at), y, 3.8, $"dot {style}", title);
            svg.Text(Width - 4, y + 3.5, "end", "figure", ReportText.Points(at));
        }

        return svg.ToString();
    }
}
