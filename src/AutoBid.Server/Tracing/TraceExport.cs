using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace AutoBid.Server.Tracing;

/// <summary>Sends our spans (a control tick each) to an OpenTelemetry collector. Requests have histograms, not spans: a span per bid would cost more than the bid.</summary>
public static class TraceExport
{
    /// <summary>Where a collector takes spans over OTLP/HTTP.</summary>
    private const string Path = "v1/traces";

    /// <param name="collector">Base address, such as http://collector:4318; null: nothing is recorded or sent.</param>
    /// <param name="node">Name of this node, <c>service.instance.id</c> of its spans.</param>
    public static IServiceCollection AddTraceExport(this IServiceCollection services, Uri? collector, string node)
    {
        if (collector is null) return services;
        TracerProvider provider = Sdk.CreateTracerProviderBuilder()
            .AddSource("AutoBid.*")
            // Whatever a caller's own trace says: a tick may run inside the request that moves a virtual clock.
            .SetSampler(new AlwaysOnSampler())
            .ConfigureResource(resource => resource.AddService("autobid", serviceInstanceId: node, autoGenerateServiceInstanceId: false))
            .AddOtlpExporter(exporter =>
            {
                exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                exporter.Endpoint = new Uri(collector.AbsoluteUri.TrimEnd('/') + "/" + Path);
            })
            .Build();
        // As a factory, so that the container ends what it hands out: the end sends what is left.
        return services.AddSingleton(_ => provider);
    }
}
