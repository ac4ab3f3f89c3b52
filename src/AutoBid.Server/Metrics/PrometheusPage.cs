namespace AutoBid.Server.Metrics;

/// <summary>One collection, written when a format is first asked for: everyone who shares the collection gets the same bytes.</summary>
public sealed class PrometheusPage
{
    private readonly Lazy<byte[]> _text;
    private readonly Lazy<byte[]> _openMetrics;

    internal PrometheusPage(IReadOnlyList<MetricFamily> families)
    {
        _text = new(() => PrometheusText.Write(families, PrometheusFormat.Text));
        _openMetrics = new(() => PrometheusText.Write(families, PrometheusFormat.OpenMetrics));
    }

    /// <summary>The page as UTF-8.</summary>
    public ReadOnlyMemory<byte> Bytes(PrometheusFormat format) => format == PrometheusFormat.Text ? _text.Value : _openMetrics.Value;
}
