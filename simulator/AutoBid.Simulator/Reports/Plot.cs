namespace AutoBid.Simulator.Reports;

/// <summary>A picture with two axes: thin grid, tick labels, curves, and names written beside what they name.</summary>
internal sealed class Plot
{
    /// <summary>Least distance of two labels, about the height of a line.</summary>
    private const double LabelHeight = 12.5;

    private const int LongestLabel = 14;

    private readonly double _left;
    private readonly double _right;
    private readonly double _top;
    private readonly double _bottom;

    public Plot(Svg svg, Axis x, Axis y, double left, double right, double top, double bottom)
    {
        Svg = svg;
        X = x;
        Y = y;
        _left = left;
        _right = right;
        _top = top;
        _bottom = bottom;
    }

    public Svg Svg { get; }

    public Axis X { get; }

    public Axis Y { get; }

    public Plot Across(IEnumerable<double> ticks, Func<double, string> text, bool grid = false)
    {
        foreach (double tick in ticks)
        {
            if (grid) Svg.Line(X.At(tick), _top, X.At(tick), _bottom, "grid");
            Svg.Text(X.At(tick), _bottom + 17, "middle", "tick", text(tick));
        }

        return this;
    }

    public Plot Up(IEnumerable<double> ticks, Func<double, string> text)
    {
        foreach (double tick in ticks)
        {
            Svg.Line(_left, Y.At(tick), _right, Y.At(tick), "grid");
            Svg.Text(_left - 6, Y.At(tick) + 3.5, "end", "tick", text(tick));
        }

        return this;
    }

    public Plot Curve(IReadOnlyList<double> xs, IReadOnlyList<double> ys, string style, string? title = null)
    {
        Svg.Curve([.. xs.Zip(ys, (x, y) => (X.At(x), Y.At(y)))], style, title);
        return this;
    }

    public Plot Band(IReadOnlyList<double> xs, IReadOnlyList<double> lows, IReadOnlyList<double> highs, string style, string? title = null)
    {
        Svg.Band([.. xs.Zip(highs, (x, y) => (X.At(x), Y.At(y)))], [.. xs.Zip(lows, (x, y) => (X.At(x), Y.At(y)))], style, title);
        return this;
    }

    /// <summary>Names at the right edge at the heights of their curves, moved apart where they would overlap.</summary>
    public Plot Names(IEnumerable<(double Value, string Name, string Style)> names, double gap = 6)
    {
        (double Value, string Name, string Style)[] ordered = [.. names.OrderByDescending(n => n.Value)];
        double[] places = Spread([.. ordered.Select(n => Y.At(n.Value))], _top + 4, _bottom);
        for (int i = 0; i < ordered.Length; i++) Svg.Text(_right + gap, places[i] + 3.5, "start", $"name {ordered[i].Style}", Short(ordered[i].Name));
        return this;
    }

    /// <summary>A name cut to what fits beside a picture.</summary>
    public static string Short(string name) => name.Length <= LongestLabel ? name : name[..(LongestLabel - 1)] + "…";

    /// <summary>Moves ascending places apart to the least distance, keeping their order and, as far as they fit, the range.</summary>
    internal static double[] Spread(double[] places, double low, double high, double distance = LabelHeight)
    {
        var spread = (double[])places.Clone();
        for (int i = 0; i < spread.Length; i++) spread[i] = Math.Max(spread[i], i == 0 ? low : spread[i - 1] + distance);
        for (int i = spread.Length - 1; i >= 0; i--) spread[i] = Math.Min(spread[i], i == spread.Length - 1 ? high : spread[i + 1] - distance);
        return spread;
    }
}
