using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace AutoBid.Server.Metrics;

/// <summary>
/// OpenTelemetry exporter that is asked (pull): reads every metric of its provider when somebody scrapes.
/// Stands in for OpenTelemetry.Exporter.Prometheus.AspNetCore, which not every package feed has.
/// </summary>
[ExportModes(ExportModes.Pull)]
public sealed class PrometheusExposition : BaseExporter<Metric>, IPullMetricExporter
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<PrometheusPage>? _running;
    private PrometheusPage _last = new([]);

    /// <summary>Set by the reader that this exporter is given to.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>
    /// Collects all metrics. While a collection runs, further calls get its page: instruments are read by one caller at a time,
    /// and a second scraper costs nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">No provider was built with this exporter, or it has been disposed of.</exception>
    public Task<PrometheusPage> ScrapeAsync()
    {
        TaskCompletionSource<PrometheusPage> mine;
        lock (_gate)
        {
            if (_running is not null) return _running.Task;
            _running = mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        try
        {
            _last = new PrometheusPage([]);
            if (Collect is null || !Collect(Timeout.Infinite)) throw new InvalidOperationException("The metrics could not be collected.");
            Finish();
            mine.SetResult(_last);
        }
        catch (Exception e)
        {
            Finish();
            mine.SetException(e);
        }

        return mine.Task;
    }

    /// <inheritdoc/>
    public override ExportResult Export(in Batch<Metric> batch)
    {
        _last = new PrometheusPage(MetricSnapshot.Read(batch));
        return ExportResult.Success;
    }

    private void Finish()
    {
        lock (_gate) _running = null;
    }
}
