namespace AutoBid.Server.Metrics;

/// <summary>One label set of a family with its samples, already written as both formats write them.</summary>
/// <param name="Labels">a="x",b="y", escaped and sorted by name; empty without labels.</param>
internal sealed record MetricSeries(string Labels, IReadOnlyList<MetricSample> Samples);
