using System.Globalization;
using System.Text;

namespace AutoBid.Server.Metrics;

/// <summary>Numbers, labels and whole pages in the text format 0.0.4 and in OpenMetrics 1.0.0.</summary>
internal static class PrometheusText
{
    /// <summary>A page. Families and series must come in the order in which they are to be written.</summary>
    public static byte[] Write(IReadOnlyList<MetricFamily> families, PrometheusFormat format)
    {
        var page = new StringBuilder(16 * 1024);
        foreach (MetricFamily family in families)
        {
            string name = format == PrometheusFormat.Text ? family.TextName : family.BaseName;
            if (family.Help.Length > 0)
            {
                page.Append("# HELP ").Append(name).Append(' ');
                AppendEscaped(page, family.Help, quotes: format == PrometheusFormat.OpenMetrics);
                page.Append('\n');
            }

            page.Append("# TYPE ").Append(name).Append(' ').Append(TypeOf(family.Kind)).Append('\n');
            if (format == PrometheusFormat.OpenMetrics && family.Unit.Length > 0 && PrometheusName.EndsInWord(name, family.Unit))
                page.Append("# UNIT ").Append(name).Append(' ').Append(family.Unit).Append('\n');

            foreach (MetricSeries series in family.Series)
            {
                foreach (MetricSample sample in series.Samples) AppendSample(page, family.BaseName, series.Labels, sample);
            }
        }

        if (format == PrometheusFormat.OpenMetrics) page.Append("# EOF\n");
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    /// <summary>Shortest text that reads back as the same number.</summary>
    public static string Number(double value)
    {
        if (double.IsNaN(value)) return "NaN";
        if (double.IsInfinity(value)) return value > 0 ? "+Inf" : "-Inf";
        return value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
    }

    /// <summary>
    /// A bucket's bound. Bounds are label values, so one spelling must hold for both formats or a change of format would change every series;
    /// it is OpenMetrics' canonical one, where a whole number keeps its ".0".
    /// </summary>
    public static string Bound(double value)
    {
        string text = Number(value);
        return text.AsSpan().ContainsAny('.', 'e') || !double.IsFinite(value) ? text : text + ".0";
    }

    /// <summary>Labels sorted by name and escaped; empty values are no labels. Keys that become one name join their values with ';'.</summary>
    public static string Labels(List<KeyValuePair<string, string>> labels)
    {
        // Equal names sort by value: the joined text must not depend on the order in which a caller gave its tags.
        labels.Sort(static (a, b) =>
        {
            int byName = string.CompareOrdinal(a.Key, b.Key);
            return byName != 0 ? byName : string.CompareOrdinal(a.Value, b.Value);
        });
        var result = new StringBuilder();
        for (int i = 0; i < labels.Count; i++)
        {
            (string name, string value) = labels[i];
            while (i + 1 < labels.Count && labels[i + 1].Key == name) value = $"{value};{labels[++i].Value}";
            if (value.Length == 0) continue;
            if (result.Length > 0) result.Append(',');
            result.Append(name).Append("=\"");
            AppendEscaped(result, value, quotes: true);
            result.Append('"');
        }

        return result.ToString();
    }

    private static void AppendSample(StringBuilder page, string baseName, string labels, in MetricSample sample)
    {
        page.Append(baseName).Append(sample.Suffix);
        if (labels.Length > 0 || sample.Le is not null)
        {
            page.Append('{').Append(labels);
            if (sample.Le is not null) page.Append(labels.Length > 0 ? "," : "").Append("le=\"").Append(sample.Le).Append('"');
            page.Append('}');
        }

        page.Append(' ').Append(sample.Value).Append('\n');
    }

    private static void AppendEscaped(StringBuilder page, string text, bool quotes)
    {
        foreach (char c in text)
        {
            switch (c)
            {
                case '\\': page.Append("\\\\"); break;
                case '\n': page.Append("\\n"); break;
                case '"' when quotes: page.Append("\\\""); break;
                default: page.Append(c); break;
            }
        }
    }

    private static string TypeOf(MetricFamilyKind kind) => kind switch
    {
        MetricFamilyKind.Counter => "counter",
        MetricFamilyKind.Gauge => "gauge",
        _ => "histogram",
    };
}
