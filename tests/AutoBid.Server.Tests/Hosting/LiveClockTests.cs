using System.Net;
using System.Text;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>The service as it runs live: wall clock, loop in the background, deadlines on.</summary>
[Collection(ServiceCollection.Name)]
public sealed class LiveClockTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private TestService _service = null!;
    private Task _running = Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        _service = await TestService.StartAsync(options => options with { VirtualClock = false, Tick = TimeSpan.FromSeconds(1) });
        _running = _service.Service.RunAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _service.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_campaign_bids_is_billed_and_seen_within_moments()
    {
        (await _service.PostAsync("/v1/clock", """{"advanceTo":"2100-01-01T00:00:00Z"}""")).ExpectProblem(HttpStatusCode.NotFound);
        (await _service.PostAsync("/v1/campaigns", Texts.Campaign("live"))).Expect(HttpStatusCode.Created);
        JsonElement bid = (await UntilAsync(() => _service.BidAsync(Texts.Bid("live")), answer => answer.NoBid is null)).Bid;
        Assert.Equal(50m, bid.GetProperty("price").GetDecimal());

        (await _service.NoticeAsync(bid, "burl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await UntilAsync(() => _service.GetAsync("/v1/campaigns/live/trajectory"), answer => answer.Json.GetProperty("spent").GetDecimal() == 0.04m);

        string paused = Texts.Campaign("live", ",\"status\":\"Paused\"");
        (await _service.SendAsync(HttpMethod.Put, "/v1/campaigns/live", paused, null, ("If-Match", "\"1\""))).Expect(HttpStatusCode.OK);
        await UntilAsync(() => _service.BidAsync(Texts.Bid("live")), answer => answer.NoBid == 502);
    }

    [Fact]
    public async Task An_answer_after_tmax_is_not_given()
    {
        (await _service.PostAsync("/v1/campaigns", Texts.Campaign("slow"))).Expect(HttpStatusCode.Created);
        await UntilAsync(() => _service.BidAsync(Texts.Bid("slow")), answer => answer.NoBid is null);
        double before = await _service.MetricAsync("autobid_bid_requests_total{result=\"late\"}");
        string body = Texts.Request(Texts.Imp("1", Texts.Candidate("slow")), ",\"tmax\":1");
        var pause = TimeSpan.FromMilliseconds(5);
        // On a loaded machine the server may not have begun to wait before the rest of the body comes.
        await UntilAsync(() => _service.SendAsync(HttpMethod.Post, "/openrtb2/bid", new SlowContent(body, pause *= 2), null), answer => answer.NoBid == 15);
        Assert.Equal(before + 1, await _service.MetricAsync("autobid_bid_requests_total{result=\"late\"}"));
        string patient = Texts.Request(Texts.Imp("1", Texts.Candidate("slow")), ",\"tmax\":5000");
        Assert.Null((await _service.BidAsync(patient)).NoBid);
    }

    /// <summary>Asks again until the answer is as expected; fails after ten seconds.</summary>
    private static async Task<Answer> UntilAsync(Func<Task<Answer>> ask, Func<Answer, bool> expected)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Answer answer = await ask();
            if (answer.Status == HttpStatusCode.OK && expected(answer)) return answer;
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(10), $"still {answer.Status}: {answer.Text}");
        }
    }

    /// <summary>A body whose second half comes a while of the clock after its first.</summary>
    private sealed class SlowContent(string text, TimeSpan pause) : HttpContent
    {
        private readonly byte[] _bytes = Encoding.UTF8.GetBytes(text);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            int half = _bytes.Length / 2;
            await stream.WriteAsync(_bytes.AsMemory(0, half));
            await stream.FlushAsync();
            long started = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(started) < pause) await Task.Yield();
            await stream.WriteAsync(_bytes.AsMemory(half));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return true;
        }
    }
}
