using System.Globalization;
using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Demo;

/// <summary>Reads the few figures a report wants from a page in Prometheus' text format 0.0.4.</summary>
internal sealed class PrometheusText(string page)
{
    private readonly string[] _lines = page.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Sum of a counter over its label sets; null when it is not on the page.</summary>
    public double? Sum(string name)
    {
        double sum = 0;
        bool found = false;
        foreach ((string _, double value) in Samples(name))
        {
            sum += value;
            found = true;
        }

        return found ? sum : null;
    }

    /// <summary>
    /// Percentiles of a histogram in seconds over all its label sets, as milliseconds, interpolated linearly inside a bucket as Prometheus does. The maximum is
    /// the upper edge of the last bucket that holds anything (the last finite edge for the open one). Null when the histogram is missing or empty.
    /// </summary>
    public LatencySummary? Histogram(string name)
    {
        var cumulative = new SortedDictionary<double, double>();
        foreach ((string labels, double value) in Samples(name + "_bucket"))
        {
            if (EdgeOf(labels) is not { } edge) continue;
            cumulative.TryGetValue(edge, out double sum);
            cumulative[edge] = sum + value;
        }

        if (cumulative.Count == 0) return null;
        double total = cumulative.Values.Last();
        if (total <= 0) return null;
        double largest = cumulative.First(bucket => bucket.Value >= total).Key;
        if (double.IsPositiveInfinity(largest)) largest = cumulative.Keys.LastOrDefault(double.IsFinite);
        return new LatencySummary(
            (long)total, 1000 * Quantile(cumulative, total, 0.5), 1000 * Quantile(cumulative, total, 0.9), 1000 * Quantile(cumulative, total, 0.99), 1000 * largest);
    }

    private static double Quantile(SortedDictionary<double, double> cumulative, double total, double share)
    {
        double rank = share * total, lower = 0, below = 0;
        foreach ((double edge, double count) in cumulative)
        {
            if (count >= rank)
            {
                if (double.IsPositiveInfinity(edge)) return lower;
                return count == below ? edge : lower + (edge - lower) * (rank - below) / (count - below);
            }

            (lower, below) = (edge, count);
        }

        return lower;
    }

    private IEnumerable<(string Labels, double Value)> Samples(string name)
    {
        foreach (string line in _lines)
        {
            if (!line.StartsWith(name, StringComparison.Ordinal) || line.Length <= name.Length || line[name.Length] is not (' ' or '{')) continue;
            int end = line.LastIndexOf('}');
            string labels = end < 0 ? "" : line[name.Length..(end + 1)];
            string[] rest = line[(end < 0 ? name.Length : end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (rest.Length > 0 && double.TryParse(rest[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) yield return (labels, value);
        }
    }

    private static double? EdgeOf(string labels)
    {
        int start = labels.IndexOf("le=\"", StringComparison.Ordinal);
        if (start < 0) return null;
        string text = labels[(start + 4)..labels.IndexOf('"', start + 4)];
        if (text == "+Inf") return double.PositiveInfinity;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double edge) ? edge : null;
    }
}
