using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Reports;

/// <summary>Differences in points of S* with their intervals, a row per policy, around a line at 0.</summary>
internal static class ForestChart
{
    private const double Width = 340, Left = 92, Right = 284, Top = 6, RowHeight = 22, Near = 0.03, Room = 2;

    /// <summary>
    /// A range that panels beside each other share. It is made for the closest contender of each panel, at least <see cref="Near"/> to either side of 0:
    /// a policy that is far behind would squeeze the rest to a point, so it is drawn as a mark at the edge, its figure beside it.
    /// </summary>
    public static (double Low, double High) Range(IEnumerable<IEnumerable<PairedDifference?>> panels)
    {
        double low = 0, high = 0, near = Near;
        foreach (IEnumerable<PairedDifference?> panel in panels)
        {
            double closest = double.PositiveInfinity;
            foreach (PairedDifference? difference in panel)
            {
                if (difference?.Difference is not { } at) continue;
                (double least, double most) = (difference.Interval?.Low ?? at, difference.Interval?.High ?? at);
                low = Math.Min(low, least);
                high = Math.Max(high, most);
                closest = Math.Min(closest, Math.Max(-least, most));
            }

            if (double.IsFinite(closest)) near = Math.Max(near, Room * closest);
        }

        return high > low ? Axis.Widen(Math.Max(low, -near), Math.Min(high, near), 4) : (-0.01, 0.01);
    }

    /// <param name="rows">Null where there is nothing to compare: the row says what it is.</param>
    public static string Draw(ReportView view, string label, IReadOnlyList<(string Policy, PairedDifference? Difference, string Otherwise)> rows, (double Low, double High) range)
    {
        double bottom = Top + RowHeight * rows.Count;
        var svg = new Svg(Width, bottom + 22, label);
        var plot = new Plot(svg, Axis.Linear(range.Low, range.High, Left, Right), Axis.Linear(0, rows.Count, Top, bottom), Left, Right, Top, bottom);
        plot.Across(plot.X.Ticks(5), tick => (100 * tick).ToString("+0.##;−0.##;0", System.Globalization.CultureInfo.InvariantCulture), grid: true);
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
            svg.Text(Width - 4, y + 3.5, "end", "figure", ReportText.Points(at));
            if (at < range.Low || at > range.High)
            {
                svg.Mark(at < range.Low ? Left : Right, y, toTheLeft: at < range.Low, $"dot {style}", title);
                continue;
            }

            if (difference.Interval is { } interval) svg.Line(plot.X.At(interval.Low), y, plot.X.At(interval.High), y, $"whisker {style}", title);
            svg.Dot(plot.X.At(at), y, 3.8, $"dot {style}", title);
        }

        return svg.ToString();
    }
}
