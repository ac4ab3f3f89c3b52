using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AutoBid.OpenRtb.Notices;
using AutoBid.Server.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace AutoBid.Server.Tests.Metrics;

/// <summary>A real Kestrel on loopback with nothing but the endpoint.</summary>
public sealed class PrometheusEndpointTests : IAsyncLifetime
{
    private const string PrometheusAccept =
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

    private WebApplication _app = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddPrometheus();
        _app = builder.Build();
        _app.MapPrometheus();
        await _app.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };

        ServerMetrics metrics = _app.Services.GetRequiredService<ServerMetrics>();
        metrics.RecordBid(BidResult.Bid, TimeSpan.FromMicroseconds(80));
        metrics.CountCandidate("bid");
        metrics.RecordNotice(NoticeKind.Win, "applied", TimeSpan.FromMilliseconds(2));
        metrics.RecordDecisions(TimeSpan.FromMilliseconds(3));
        metrics.CountEventPosted("autobid.conversions", "appended");
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Without_a_wish_the_page_is_text_0_0_4()
    {
        using HttpResponseMessage response = await _client.GetAsync("/metrics");
        string page = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.Content.Headers.GetValues("Content-Type").Single());
        Assert.True(response.Headers.CacheControl!.NoStore);
        Assert.Contains("# TYPE autobid_bid_requests_total counter\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE dotnet_gc_collections_total counter\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE kestrel_active_connections gauge\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("# EOF", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prometheus_server_gets_OpenMetrics()
    {
        using HttpResponseMessage response = await GetAsync(PrometheusAccept);
        string page = await response.Content.ReadAsStringAsync();
        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", response.Content.Headers.GetValues("Content-Type").Single());
        Assert.Contains("# TYPE autobid_bid_requests counter\n", page, StringComparison.Ordinal);
        Assert.Contains("# TYPE http_server_request_duration_seconds histogram\n# UNIT http_server_request_duration_seconds seconds\n", await SecondPageAsync(), StringComparison.Ordinal);
        Assert.EndsWith("\n# EOF\n", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PrometheusAccept, PrometheusFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text", PrometheusFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text; version=\"1.0.0\"; escaping=allow-utf-8", PrometheusFormat.OpenMetrics)]
    [InlineData("application/openmetrics-text;q=0.5,text/plain;q=0.9", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;q=0", PrometheusFormat.Text)]
    [InlineData("application/openmetrics-text;version=2.0.0", PrometheusFormat.Text)]
    [InlineData("text/html,*/*;q=0.8", PrometheusFormat.Text)]
    [InlineData("text/plain", PrometheusFormat.Text)]
    [InlineData(";;;", PrometheusFormat.Text)]
    [InlineData("", PrometheusFormat.Text)]
    public void The_format_follows_Accept(string accept, PrometheusFormat expected)
    {
        Assert.Equal(expected, PrometheusEndpoint.Choose([accept]));
        Assert.Equal(expected, PrometheusEndpoint.Choose(accept.Split(',')));
    }

    [Fact]
    public async Task What_is_counted_before_the_host_is_built_is_exposed()
    {
        string name = $"AutoBid.Test.{Guid.NewGuid():N}";
        using var meter = new Meter(name);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddPrometheus();
        meter.CreateCounter<long>("early").Add(3, new KeyValuePair<string, object?>("by", name));
        await using WebApplication app = builder.Build();
        app.MapPrometheus();

        PrometheusPage page = await app.Services.GetRequiredService<PrometheusExposition>().ScrapeAsync();
        Assert.Contains($"early_total{{by=\"{name}\"}} 3\n", Encoding.UTF8.GetString(page.Bytes(PrometheusFormat.Text).Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_has_ended_no_longer_collects()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddPrometheus();
        WebApplication app = builder.Build();
        app.MapPrometheus();
        PrometheusExposition exposition = app.Services.GetRequiredService<PrometheusExposition>();
        await app.DisposeAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(exposition.ScrapeAsync);
    }

    [Fact]
    public async Task A_provider_that_has_ended_answers_503()
    {
        _app.Services.GetRequiredService<MeterProvider>().Dispose();
        using HttpResponseMessage response = await _client.GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task Promtool_finds_no_fault()
    {
        string? promtool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(static p => Path.Combine(p, "promtool")).FirstOrDefault(File.Exists);
        if (promtool is null) Assert.Skip("promtool is not installed (Debian package prometheus).");
        await _client.GetAsync("/metrics");
        string page = await _client.GetStringAsync("/metrics");

        (int exit, string complaints) = await CheckAsync(promtool, page);

        // OpenTelemetry's own names for the runtime (dotnet.process.cpu.count) are kept, though promtool dislikes their last word.
        string[] unexpected = [.. complaints.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(static l => !(l.StartsWith("dotnet_", StringComparison.Ordinal) && l.Contains("\"_count\" suffix", StringComparison.Ordinal)))];
        Assert.Empty(unexpected);
        Assert.True(exit is 0 or 3, $"promtool exited with {exit}");

        (exit, complaints) = await CheckAsync(promtool, page + "autobid_bid_requests_total{result=bid} 1\n");
        Assert.NotEqual(0, exit);
        Assert.NotEmpty(complaints);
    }

    private static async Task<(int Exit, string Complaints)> CheckAsync(string promtool, string page)
    {
        using Process process = Process.Start(new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        await process.StandardInput.WriteAsync(page);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await errors + await output);
    }

    private Task<HttpResponseMessage> GetAsync(string accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        foreach (string type in accept.Split(',')) request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(type));
        return _client.SendAsync(request);
    }

    private async Task<string> SecondPageAsync()
    {
        using HttpResponseMessage response = await GetAsync(PrometheusAccept);
        return await response.Content.ReadAsStringAsync();
    }
}
