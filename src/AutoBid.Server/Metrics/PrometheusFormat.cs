namespace AutoBid.Server.Metrics;

/// <summary>The exposition formats that a Prometheus server reads.</summary>
public enum PrometheusFormat
{
    /// <summary>text/plain; version=0.0.4.</summary>
    Text,

    /// <summary>application/openmetrics-text; version=1.0.0.</summary>
    OpenMetrics,
}
