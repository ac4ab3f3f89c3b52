using System.Globalization;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace AutoBid.Server.Metrics;

/// <summary>
/// What one collection of OpenTelemetry's SDK holds, as families in ordinal order. The SDK reuses its points after an export,
/// so everything is copied here.
/// </summary>
internal static class MetricSnapshot
{
    internal const string DroppedName = "autobid_metrics_dropped_series";

    public static IReadOnlyList<MetricFamily> Read(in Batch<Metric> batch)
    {
        var metrics = new List<Metric>();
        foreach (Metric metric in batch) metrics.Add(metric);
        metrics.Sort(static (a, b) => Compare(a, b));

        var families = new SortedDictionary<string, FamilyDraft>(StringComparer.Ordinal);
        var claims = new Dictionary<string, FamilyDraft>(StringComparer.Ordinal);
        int nameClashes = 0, labelClashes = 0;
        foreach (Metric metric in metrics)
        {
            MetricFamilyKind kind = KindOf(metric.MetricType);
            string unit = PrometheusName.UnitWord(metric.Unit, kind);
            string name = PrometheusName.BaseOf(metric.Name, unit, kind);
            if (!families.TryGetValue(name, out FamilyDraft? draft))
            {
                draft = new FamilyDraft(new MetricFamily(name, kind, unit, metric.Description ?? "", []));
                if (!draft.TryClaim(claims)) draft = null;
                else families.Add(name, draft);
            }

            foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
            {
                if (draft is null || draft.Family.Kind != kind) nameClashes++;
                else if (!draft.TryAdd(SeriesOf(metric.MetricType, kind, point))) labelClashes++;
            }
        }

        FamilyDraft dropped = Dropped(nameClashes, labelClashes);
        if (dropped.TryClaim(claims)) families.Add(DroppedName, dropped);
        return [.. families.Values.Where(static f => !f.IsEmpty).Select(static f => f.Build())];
    }

    private static MetricSeries SeriesOf(MetricType type, MetricFamilyKind kind, in MetricPoint point)
    {
        var labels = new List<KeyValuePair<string, string>>(point.Tags.Count);
        foreach (KeyValuePair<string, object?> tag in point.Tags)
            labels.Add(new(PrometheusName.LabelOf(tag.Key, kind), LabelValue(tag.Value)));
        return new MetricSeries(PrometheusText.Labels(labels), SamplesOf(type, point));
    }

    private static List<MetricSample> SamplesOf(MetricType type, in MetricPoint point) => type switch
    {
        MetricType.LongSum => [new("_total", null, Integer(point.GetSumLong()))],
        MetricType.DoubleSum => [new("_total", null, PrometheusText.Number(point.GetSumDouble()))],
        MetricType.LongSumNonMonotonic => [new("", null, Integer(point.GetSumLong()))],
        MetricType.DoubleSumNonMonotonic => [new("", null, PrometheusText.Number(point.GetSumDouble()))],
        MetricType.LongGauge => [new("", null, Integer(point.GetGaugeLastValueLong()))],
        MetricType.DoubleGauge => [new("", null, PrometheusText.Number(point.GetGaugeLastValueDouble()))],
        _ => HistogramOf(type, point),
    };

    /// <summary>Cumulative buckets up to +Inf. An exponential histogram, which neither text format knows, keeps only that one.</summary>
    private static List<MetricSample> HistogramOf(MetricType type, in MetricPoint point)
    {
        var samples = new List<MetricSample>();
        string count = Integer(point.GetHistogramCount());
        if (type == MetricType.Histogram)
        {
            long below = 0;
            foreach (HistogramBucket bucket in point.GetHistogramBuckets())
            {
                if (double.IsPositiveInfinity(bucket.ExplicitBound)) break;
                below += bucket.BucketCount;
                samples.Add(new("_bucket", PrometheusText.Bound(bucket.ExplicitBound), Integer(below)));
            }
        }

        samples.Add(new("_bucket", "+Inf", count));
        samples.Add(new("_sum", null, PrometheusText.Number(point.GetHistogramSum())));
        samples.Add(new("_count", null, count));
        return samples;
    }

    private static FamilyDraft Dropped(int nameClashes, int labelClashes)
    {
        var draft = new FamilyDraft(new MetricFamily(
            DroppedName, MetricFamilyKind.Gauge, "", "Series left out of this page because another instrument has their name or their labels.", []));
        draft.TryAdd(new MetricSeries("reason=\"labels\"", [new("", null, Integer(labelClashes))]));
        draft.TryAdd(new MetricSeries("reason=\"name\"", [new("", null, Integer(nameClashes))]));
        return draft;
    }

    private static MetricFamilyKind KindOf(MetricType type) => type switch
    {
        MetricType.LongSum or MetricType.DoubleSum => MetricFamilyKind.Counter,
        MetricType.Histogram or MetricType.ExponentialHistogram => MetricFamilyKind.Histogram,
        _ => MetricFamilyKind.Gauge,
    };

    private static string Integer(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string LabelValue(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    /// <summary>Which of two clashing instruments is kept must not depend on the order in which they were made.</summary>
    private static int Compare(Metric a, Metric b)
    {
        int order = string.CompareOrdinal(a.Name, b.Name);
        if (order == 0) order = string.CompareOrdinal(a.MeterName, b.MeterName);
        if (order == 0) order = string.CompareOrdinal(a.Description, b.Description);
        if (order == 0) order = string.CompareOrdinal(a.Unit, b.Unit);
        return order != 0 ? order : a.MetricType.CompareTo(b.MetricType);
    }

    private sealed class FamilyDraft(MetricFamily family)
    {
        private readonly SortedDictionary<string, MetricSeries> _series = new(StringComparer.Ordinal);

        public MetricFamily Family => family;

        public bool IsEmpty => _series.Count == 0;

        /// <summary>All of the family's names or none.</summary>
        public bool TryClaim(Dictionary<string, FamilyDraft> claims)
        {
            string[] names = family.ClaimedNames;
            if (names.Any(claims.ContainsKey)) return false;
            foreach (string name in names) claims.Add(name, this);
            return true;
        }

        public bool TryAdd(MetricSeries series) => _series.TryAdd(series.Labels, series);

        public MetricFamily Build() => family with { Series = [.. _series.Values] };
    }
}
