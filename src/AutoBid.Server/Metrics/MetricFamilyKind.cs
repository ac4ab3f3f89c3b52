namespace AutoBid.Server.Metrics;

/// <summary>Prometheus' metric types that OpenTelemetry's instruments map to. Up-down counters are gauges.</summary>
internal enum MetricFamilyKind
{
    Counter,
    Gauge,
    Histogram,
}
