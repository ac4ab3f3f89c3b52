using System.Collections.Concurrent;
using System.Net;
using System.Text;
using AutoBid.Server.Tests.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>Spans as a collector gets them, over a real connection.</summary>
[Collection(ServiceCollection.Name)]
public sealed class TracingTests
{
    [Fact]
    public async Task A_collector_gets_a_span_for_every_control_tick()
    {
        await using Collector collector = await Collector.StartAsync();
        await using (TestService service = await TestService.StartAsync(options => options with { Otlp = collector.Address, Node = "node-of-spans" }))
        {
            await service.CreateAsync(Texts.NewId(), ",\"accountConstant\":3,\"maxMultiplier\":2");
            await service.AdvanceByAsync(TimeSpan.FromMinutes(60));
        }

        // Ending the service sends what is left.
        Assert.NotEmpty(collector.Bodies);
        string sent = string.Concat(collector.Bodies.Select(Encoding.Latin1.GetString));
        foreach (string word in new[] { "autobid.tick", "autobid.campaigns", "node-of-spans", "AutoBid.Engine" }) Assert.Contains(word, sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_is_down_stops_nothing()
    {
        string address;
        await using (Collector collector = await Collector.StartAsync()) address = collector.Address;
        await using TestService service = await TestService.StartAsync(options => options with { Otlp = address });
        string id = Texts.NewId();
        await service.CreateAsync(id, ",\"accountConstant\":3,\"maxMultiplier\":2");
        await service.AdvanceByAsync(TimeSpan.FromMinutes(60));
        (await service.GetAsync($"/v1/campaigns/{id}/trajectory")).Expect(HttpStatusCode.OK);
    }

    private sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        public ConcurrentQueue<byte[]> Bodies { get; } = new();

        public string Address => app.Urls.First();

        public static async Task<Collector> StartAsync()
        {
            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            var collector = new Collector(builder.Build());
            collector.Map();
            await collector.StartListeningAsync();
            return collector;
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();

        private void Map() => app.MapPost("/v1/traces", async (HttpContext context) =>
        {
            Assert.Equal("application/x-protobuf", context.Request.ContentType);
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            Bodies.Enqueue(body.ToArray());
        });

        private Task StartListeningAsync() => app.StartAsync(TestContext.Current.CancellationToken);
    }
}
