using System.Diagnostics.Metrics;
using System.Text;
using AutoBid.Server.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace AutoBid.Server.Tests.Metrics;

/// <summary>A meter of its own name with an exposition that sees nothing else, whatever other tests record meanwhile.</summary>
internal sealed class ScrapedMeter : IDisposable
{
    private readonly MeterProvider _provider;

    public ScrapedMeter(Action<MeterProviderBuilder>? configure = null)
    {
        Name = $"Test.{Guid.NewGuid():N}";
        Meter = new Meter(Name);
        Exposition = new PrometheusExposition();
        MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder().AddMeter(Name, Name + ".*").AddLatencyView();
        configure?.Invoke(builder);
        _provider = builder.AddPrometheusExporter(Exposition).Build();
    }

    public string Name { get; }

    public Meter Meter { get; }

    public PrometheusExposition Exposition { get; }

    public string Page(PrometheusFormat format = PrometheusFormat.Text)
    {
        Task<PrometheusPage> scrape = Exposition.ScrapeAsync();
        Assert.True(scrape.IsCompleted);
        return Encoding.UTF8.GetString(scrape.GetAwaiter().GetResult().Bytes(format).Span);
    }

    /// <summary>The page's lines without comments and without the exposition's own series.</summary>
    public string[] Samples(PrometheusFormat format = PrometheusFormat.Text) =>
        [.. Page(format).Split('\n').Where(static l => l.Length > 0 && l[0] != '#' && !l.StartsWith("autobid_metrics_dropped", StringComparison.Ordinal))];

    public void Dispose()
    {
        _provider.Dispose();
        Meter.Dispose();
    }
}
