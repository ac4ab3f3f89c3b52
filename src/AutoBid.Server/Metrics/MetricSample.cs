namespace AutoBid.Server.Metrics;

/// <summary>One line.</summary>
/// <param name="Suffix">What follows the family's base name: _total, _bucket, _sum, _count or nothing.</param>
/// <param name="Le">Upper bound of a bucket, or null.</param>
internal readonly record struct MetricSample(string Suffix, string? Le, string Value);
