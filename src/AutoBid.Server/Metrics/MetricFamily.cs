namespace AutoBid.Server.Metrics;

/// <summary>All series of one metric name, as read in one collection.</summary>
/// <param name="BaseName">Name without a counter's _total, which is OpenMetrics' family name.</param>
/// <param name="Unit">Prometheus' word for the unit (seconds), or empty.</param>
internal sealed record MetricFamily(string BaseName, MetricFamilyKind Kind, string Unit, string Help, IReadOnlyList<MetricSeries> Series)
{
    /// <summary>The name in the text format, where a counter's family bears its sample's name.</summary>
    public string TextName => Kind == MetricFamilyKind.Counter ? BaseName + "_total" : BaseName;

    /// <summary>Every name that belongs to this family in either format; two families that share one would make duplicate series.</summary>
    public string[] ClaimedNames => Kind switch
    {
        MetricFamilyKind.Counter => [BaseName, BaseName + "_total"],
        MetricFamilyKind.Histogram => [BaseName, BaseName + "_bucket", BaseName + "_sum", BaseName + "_count"],
        _ => [BaseName],
    };
}
