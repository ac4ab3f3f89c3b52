using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AutoBid.Simulator.Market;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AutoBid.Cli.Tests.Exchange;

/// <summary>A small honest service: bids truthfully, keeps a ledger from bill notices and conversions, and fails where a test wants it to.</summary>
internal sealed class FakeService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Dictionary<string, MarketCampaign> _market = MarketCampaigns.Default8().ToDictionary(c => c.Id);
    private readonly ConcurrentDictionary<string, int> _seenNotices = new();
    private int _bids;
    private int _inFlight;

    private FakeService(WebApplication app) => _app = app;

    public ConcurrentDictionary<string, Ledger> Ledgers { get; } = new();

    public ConcurrentBag<string> Notices { get; } = [];

    public List<string> ClockCalls { get; } = [];

    /// <summary>(time of the last clock call, arrival time) of each conversion, in the order of their posts.</summary>
    public List<(DateTime Clock, DateTime Arrival)> Conversions { get; } = [];

    public int MostBidsInFlight { get; private set; }

    /// <summary>Number of notices acknowledged at each clock call.</summary>
    public List<int> NoticesAtClock { get; } = [];

    /// <summary>Answer to the n-th bid request in place of the usual one.</summary>
    public Func<int, HttpContext, bool>? SpoilBid { get; set; }

    /// <summary>Status of a notice by path and number of earlier attempts; 200 counts.</summary>
    public Func<string, int, int> NoticeStatus { get; set; } = (_, _) => 200;

    public Func<JsonElement, string?> EventError { get; set; } = _ => null;

    /// <summary>Answer of GET /v1/policies; null: there is no such call, as in services before it.</summary>
    public object? Policies { get; set; }

    /// <summary>Policies that campaigns were created with; null: none named.</summary>
    public List<string?> PoliciesNamed { get; } = [];

    /// <summary>Changes what the trajectory endpoint says is spent.</summary>
    public decimal SpentBias { get; set; }

    public Uri Address { get; private set; } = null!;

    public static async Task<FakeService> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        var service = new FakeService(app);
        app.MapPost("/v1/campaigns", (Delegate)service.CreateAsync);
        app.MapGet("/v1/policies", () => service.Policies is { } policies ? Results.Json(policies) : Results.NotFound());
        app.MapPost("/openrtb2/bid", service.BidAsync);
        app.MapGet("/notice/{kind}", service.Notice);
        app.MapPost("/v1/events", (Delegate)service.EventsAsync);
        app.MapPost("/v1/clock", (Delegate)service.ClockAsync);
        app.MapGet("/v1/campaigns/{id}/trajectory", service.Trajectory);
        app.MapGet("/v1/campaigns/{id}/decisions", service.Decisions);
        app.MapGet("/metrics", () => "# TYPE autobid_events_duplicate_total counter\nautobid_events_duplicate_total{kind=\"bill\"} 2\nautobid_events_duplicate_total{kind=\"loss\"} 3\n");
        await app.StartAsync();
        service.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return service;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private static Task<JsonElement> ReadAsync(HttpContext http) => JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body).AsTask();

    private async Task<IResult> CreateAsync(HttpContext http)
    {
        JsonElement body = await ReadAsync(http);
        string id = body.GetProperty("id").GetString()!;
        string? policy = body.TryGetProperty("policy", out JsonElement named) ? named.GetString() : null;
        PoliciesNamed.Add(policy);
        if (policy == "unknown") return Results.Json(new { title = "Invalid", errors = new { policy = "is not served here" } }, statusCode: 400);
        return Ledgers.TryAdd(id, new Ledger(body.GetProperty("dailyBudget").GetDecimal())) ? Results.StatusCode(201) : Results.Json(new { title = "Conflict" }, statusCode: 409);
    }

    private async Task BidAsync(HttpContext http)
    {
        MostBidsInFlight = Math.Max(MostBidsInFlight, Interlocked.Increment(ref _inFlight));
        JsonElement request = await ReadAsync(http);
        Interlocked.Decrement(ref _inFlight);
        if (SpoilBid?.Invoke(Interlocked.Increment(ref _bids) - 1, http) == true) return;
        string auction = request.GetProperty("id").GetString()!;
        JsonElement imp = request.GetProperty("imp")[0];
        string best = "";
        long price = 0;
        foreach (JsonElement candidate in imp.GetProperty("ext").GetProperty("autobid").GetProperty("candidates").EnumerateArray())
        {
            string id = candidate.GetProperty("campaign").GetString()!;
            long nanos = (long)(candidate.GetProperty("value").GetDouble() * _market[id].ReferencePrice * 1e9);
            if (nanos > price) (best, price) = (id, nanos);
        }

        if (price < 1_000)
        {
            http.Response.StatusCode = 204;
            return;
        }

        string cpm = (price / 1_000_000m).ToString(CultureInfo.InvariantCulture);
        string Url(string kind) => $"{Address}notice/{kind}?t={best}.{auction}&p=${{AUCTION_PRICE}}&c=${{AUCTION_CURRENCY}}&l=${{AUCTION_LOSS}}&m=${{AUCTION_MIN_TO_WIN}}";
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(
            $$"""{"id":"{{auction}}","cur":"USD","seatbid":[{"bid":[{"id":"b1","impid":"1","price":{{cpm}},"cid":"{{best}}","crid":"x","nurl":"{{Url("win")}}","burl":"{{Url("bill")}}","lurl":"{{Url("loss")}}"}]}]}""");
    }

    private IResult Notice(string kind, string t, string p, string c, string l, string m)
    {
        string key = $"{kind} {t}";
        int earlier = _seenNotices.AddOrUpdate(key, 0, (_, n) => n + 1);
        int status = NoticeStatus(kind, earlier);
        if (status != 200) return Results.StatusCode(status);
        Notices.Add($"{key} p={p} c={c} l={l} m={m}");
        if (kind != "bill") return Results.Ok();
        Ledger ledger = Ledgers[t[..t.IndexOf('.')]];
        lock (ledger)
        {
            ledger.SpentNanos += (long)(decimal.Parse(p, CultureInfo.InvariantCulture) * 1_000_000m);
            ledger.Wins++;
        }

        return Results.Ok();
    }

    private async Task<IResult> EventsAsync(HttpContext http)
    {
        JsonElement body = await ReadAsync(http);
        var results = new List<object>();
        foreach (JsonElement item in body.GetProperty("events").EnumerateArray())
        {
            JsonElement e = item.GetProperty("event");
            if (EventError(e) is { } error)
            {
                results.Add(new { id = e.GetProperty("id").GetString(), error });
                continue;
            }

            Ledger ledger = Ledgers[e.GetProperty("campaign").GetString()!];
            ledger.Conversions++;
            ledger.ValueMicros += e.GetProperty("valueMicros").GetInt64();
            // On the wall clock nobody moves it.
            DateTime clock = ClockCalls.Count == 0 ? default : DateTime.Parse(ClockCalls[^1], CultureInfo.InvariantCulture).ToUniversalTime();
            Conversions.Add((clock, e.GetProperty("time").GetDateTime().ToUniversalTime()));
            results.Add(new { status = "accepted" });
        }

        return Results.Json(new { results });
    }

    private async Task<IResult> ClockAsync(HttpContext http)
    {
        string to = (await ReadAsync(http)).GetProperty("advanceTo").GetString()!;
        ClockCalls.Add(to);
        NoticesAtClock.Add(Notices.Count);
        return Results.Json(new { now = to, stepsClosed = 0, applied = Notices.Count, decisionsHash = "h" + ClockCalls.Count });
    }

    private IResult Trajectory(string id)
    {
        if (!Ledgers.TryGetValue(id, out Ledger? ledger)) return Results.NotFound();
        return Results.Json(new
        {
            campaign = id,
            day = 20260105,
            budget = ledger.Budget,
            spent = ledger.SpentNanos / 1_000_000_000m + SpentBias,
            adjustments = 0m,
            conversions = ledger.Conversions,
            conversionValue = ledger.ValueMicros / 1_000_000m,
            expectedValue = 0.5,
            reference = 3.0,
            multiplier = 1.0,
            steps = new[] { new { step = 0, wins = ledger.Wins, elapsed = 1 } },
        });
    }

    private IResult Decisions(string id)
        => Results.Json(new
        {
            decisions = ClockCalls.Where(call => call.EndsWith(":00Z", StringComparison.Ordinal)).Select((call, tick) => new
            {
                time = call,
                day = 20260105,
                step = tick / 3,
                tick,
                policy = "mpc",
                model = (string?)null,
                fallback = tick == 1 ? new { step = "last", reason = "deadline" } : null,
                reasons = tick == 2 ? new[] { "step", "range-max" } : [],
                rawMultiplier = (double?)null,
                multiplier = 1 + 0.1 * tick,
                safeMultiplier = 1.0,
                spent = 0,
                latencyMs = 0.5,
            }),
        });

    internal sealed class Ledger(decimal budget)
    {
        public decimal Budget { get; } = budget;

        public long SpentNanos { get; set; }

        public int Wins { get; set; }

        public int Conversions { get; set; }

        public long ValueMicros { get; set; }
    }
}
