using System.Text;

namespace AutoBid.Server.Metrics;

/// <summary>Metric and label names after the OpenTelemetry specification's "Prometheus and OpenMetrics Compatibility".</summary>
internal static class PrometheusName
{
    private const string Total = "_total";

    /// <summary>
    /// The family's base name: a counter's without _total, which its samples get back. Our own instruments are born with Prometheus names: what starts with autobid_ and ends in
    /// _total or _seconds is taken as it is; everything else gets its unit appended unless it ends in it.
    /// </summary>
    public static string BaseOf(string instrument, string unitWord, MetricFamilyKind kind)
    {
        bool final = instrument.StartsWith("autobid_", StringComparison.Ordinal)
            && (instrument.EndsWith(Total, StringComparison.Ordinal) || instrument.EndsWith("_seconds", StringComparison.Ordinal));
        string name = final ? instrument : Sanitise(instrument).TrimEnd('_');
        if (kind == MetricFamilyKind.Counter && name.EndsWith(Total, StringComparison.Ordinal)) name = name[..^Total.Length];
        if (!final && unitWord.Length > 0 && !EndsInWord(name, unitWord)) name = $"{name}_{unitWord}";
        return name;
    }

    /// <summary>True when OpenMetrics may state the unit: the name must end in it.</summary>
    public static bool EndsInWord(string name, string word) =>
        name.Length > word.Length && name[name.Length - word.Length - 1] == '_' && name.EndsWith(word, StringComparison.Ordinal);

    /// <summary>UCUM, as instruments state units, to Prometheus' word: "s" is seconds, "By/s" is bytes_per_second, "{request}" is nothing.</summary>
    public static string UnitWord(string? ucum, MetricFamilyKind kind)
    {
        string unit = WithoutAnnotations(ucum ?? "");
        if (unit == "1") return kind == MetricFamilyKind.Gauge ? "ratio" : "";
        int slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0) return Word(unit);
        string per = unit[(slash + 1)..] switch
        {
            "s" => "per_second",
            "min" => "per_minute",
            "h" => "per_hour",
            "d" => "per_day",
            "" => "",
            string other => "per_" + Word(other),
        };
        string of = Word(unit[..slash]);
        return of.Length == 0 ? per : per.Length == 0 ? of : $"{of}_{per}";
    }

    /// <summary>A label name. Two leading underscores are Prometheus' own, and le belongs to the buckets of a histogram.</summary>
    public static string LabelOf(string key, MetricFamilyKind kind)
    {
        string name = Sanitise(key);
        if (name.StartsWith("__", StringComparison.Ordinal)) return "key" + name;
        return kind == MetricFamilyKind.Histogram && name == "le" ? "exported_le" : name;
    }

    private static string Word(string unit) => unit switch
    {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "KBy" or "kBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "Hz" => "hertz",
        "Cel" => "celsius",
        "W" => "watts",
        "J" => "joules",
        "%" => "percent",
        "" => "",
        _ => Sanitise(unit).Trim('_'),
    };

    private static string WithoutAnnotations(string unit)
    {
        int open = unit.IndexOf('{', StringComparison.Ordinal);
        while (open >= 0)
        {
            int close = unit.IndexOf('}', open);
            if (close < 0) return unit;
            unit = unit.Remove(open, close - open + 1);
            open = unit.IndexOf('{', StringComparison.Ordinal);
        }

        return unit;
    }

    /// <summary>Letters, digits and underscores, not starting with a digit. The colon is left to recording rules.</summary>
    private static string Sanitise(string name)
    {
        var result = new StringBuilder(name.Length + 1);
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) result.Append('_');
        foreach (char c in name) result.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        return result.ToString();
    }
}
