using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace AutoBid.Server.Metrics;

/// <summary>
/// Metrics for Prometheus. With the package OpenTelemetry.Exporter.Prometheus.AspNetCore at hand, call its AddPrometheusExporter()
/// here and let MapPrometheus return <c>endpoints.MapPrometheusScrapingEndpoint(pattern)</c>: names and types stay, callers see nothing.
/// </summary>
public static class PrometheusExtensions
{
    /// <summary>Bounds of latency histograms in seconds: 1, 2, 5 a decade from 10 µs to 10 s.</summary>
    private static readonly double[] LatencyBounds =
        [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5, 10];

    /// <summary>
    /// Collects our meters, ASP.NET Core's and the runtime's, and registers <see cref="ServerMetrics"/>. Collection starts here, not when the
    /// provider is first resolved: a counter that nobody listens to forgets what it is given, and opening the log already counts.
    /// </summary>
    public static IServiceCollection AddPrometheus(this IServiceCollection services)
    {
        var exposition = new PrometheusExposition();
        MeterProvider provider = Sdk.CreateMeterProviderBuilder().AddAutoBidMeters().AddPrometheusExporter(exposition).Build();
        services.AddSingleton(exposition);
        // As a factory, so that the container ends what it hands out, the exposition with it.
        services.AddSingleton(_ => provider);
        services.TryAddSingleton<ServerMetrics>();
        return services;
    }

    /// <summary>Our meters and views.</summary>
    public static MeterProviderBuilder AddAutoBidMeters(this MeterProviderBuilder builder) => builder
        .AddMeter("AutoBid.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
        .AddLatencyView();

    /// <summary>A reader that exports when <paramref name="exposition"/> is scraped.</summary>
    public static MeterProviderBuilder AddPrometheusExporter(this MeterProviderBuilder builder, PrometheusExposition exposition) =>
        builder.AddReader(new BaseExportingMetricReader(exposition) { TemporalityPreference = MetricReaderTemporalityPreference.Cumulative });

    /// <summary>GET <paramref name="pattern"/>: text format 0.0.4, or OpenMetrics 1.0.0 on Accept.</summary>
    /// <exception cref="InvalidOperationException"><see cref="AddPrometheus"/> was not called.</exception>
    public static IEndpointConventionBuilder MapPrometheus(this IEndpointRouteBuilder endpoints, string pattern = "/metrics")
    {
        // The container ends only what it was asked for.
        endpoints.ServiceProvider.GetRequiredService<MeterProvider>();
        PrometheusExposition exposition = endpoints.ServiceProvider.GetRequiredService<PrometheusExposition>();
        return endpoints.MapGet(pattern, context => PrometheusEndpoint.AnswerAsync(context, exposition)).ExcludeFromDescription();
    }

    /// <summary>One set of bounds for every latency, so that they can be compared and added; an instrument's own advice gives way.</summary>
    internal static MeterProviderBuilder AddLatencyView(this MeterProviderBuilder builder) => builder.AddView(static instrument =>
        IsHistogram(instrument) && instrument.Name.EndsWith("_duration_seconds", StringComparison.Ordinal)
            ? new ExplicitBucketHistogramConfiguration { Boundaries = LatencyBounds, RecordMinMax = false }
            : null);

    private static bool IsHistogram(Instrument instrument) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Histogram<>);
}
