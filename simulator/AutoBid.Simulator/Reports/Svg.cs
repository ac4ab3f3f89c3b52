using System.Globalization;
using System.Text;

namespace AutoBid.Simulator.Reports;

/// <summary>Writes one inline picture. Sizes are those of its view box; the page scales it to its column. All text is escaped here.</summary>
internal sealed class Svg
{
    private readonly StringBuilder _text = new();

    /// <param name="label">What the picture shows, for screen readers.</param>
    public Svg(double width, double height, string label)
        => _text.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Number(width)} {Number(height)}\" role=\"img\" aria-label=\"{Escape(label)}\">");

    /// <summary>Two decimals are finer than a screen's pixels.</summary>
    public static string Number(double value) => Math.Round(value, 2).ToString("0.##", CultureInfo.InvariantCulture);

    /// <summary>Text for elements and attributes; characters that no document may hold become a replacement mark.</summary>
    public static string Escape(string text)
    {
        var safe = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&': safe.Append("&amp;"); break;
                case '<': safe.Append("&lt;"); break;
                case '>': safe.Append("&gt;"); break;
                case '"': safe.Append("&quot;"); break;
                case '\'': safe.Append("&#39;"); break;
                case < 32 and not ('\t' or '\n' or '\r') or 0xFFFE or 0xFFFF: safe.Append('\uFFFD'); break;
                default: safe.Append(rune.ToString()); break;
            }
        }

        return safe.ToString();
    }

    public Svg Line(double x1, double y1, double x2, double y2, string style, string? title = null)
        => Shape($"line class=\"{style}\" x1=\"{Number(x1)}\" y1=\"{Number(y1)}\" x2=\"{Number(x2)}\" y2=\"{Number(y2)}\"", "line", title);

    public Svg Dot(double x, double y, double radius, string style, string? title = null)
        => Shape($"circle class=\"{style}\" cx=\"{Number(x)}\" cy=\"{Number(y)}\" r=\"{Number(radius)}\"", "circle", title);

    /// <summary>A triangle that points to what lies beyond the edge.</summary>
    public Svg Mark(double x, double y, bool toTheLeft, string style, string title)
    {
        double back = toTheLeft ? 8 : -8;
        return Shape($"path class=\"{style}\" d=\"{Path([(x, y), (x + back, y - 4.5), (x + back, y + 4.5)])}Z\"", "path", title);
    }

    public Svg Curve(IReadOnlyList<(double X, double Y)> points, string style, string? title = null)
        => points.Count == 0 ? this : Shape($"path class=\"{style}\" d=\"{Path(points)}\"", "path", title);

    /// <summary>The area between a curve and one that runs back.</summary>
    public Svg Band(IReadOnlyList<(double X, double Y)> there, IReadOnlyList<(double X, double Y)> back, string style, string? title = null)
        => there.Count == 0 ? this : Shape($"path class=\"{style}\" d=\"{Path([.. there, .. back.Reverse()])}Z\"", "path", title);

    /// <param name="anchor">start, middle or end.</param>
    public Svg Text(double x, double y, string anchor, string style, string text)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<text class=\"{style}\" x=\"{Number(x)}\" y=\"{Number(y)}\" text-anchor=\"{anchor}\">{Escape(text)}</text>");
        return this;
    }

    /// <summary>The finished element.</summary>
    public override string ToString() => _text + "</svg>";

    private Svg Shape(string open, string name, string? title)
    {
        _text.Append('<').Append(open);
        if (title is null) _text.Append("/>");
        else _text.Append("><title>").Append(Escape(title)).Append("</title></").Append(name).Append('>');
        return this;
    }

    private static string Path(IReadOnlyList<(double X, double Y)> points)
    {
        var path = new StringBuilder();
        for (int i = 0; i < points.Count; i++) path.Append(i == 0 ? 'M' : 'L').Append(Number(points[i].X)).Append(' ').Append(Number(points[i].Y));
        return path.ToString();
    }
}
