using System.Net;
using System.Text.Json;
using AutoBid.Engine.Ports;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>The main job over HTTP: settings, bids, notices, conversions, ticks; and the ledger that must come out, exact to the nano.</summary>
[Collection(ServiceCollection.Name)]
public sealed class WholeWalkTests : IAsyncLifetime
{
    private TestService _service = null!;

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task From_campaign_to_ledger()
    {
        string id = Texts.NewId();
        DateTimeOffset start = _service.Now;
        Assert.Equal(TestService.Midnight, start);
        await _service.CreateAsync(id);

        Answer first = (await _service.BidAsync(Texts.Bid(id))).Expect(HttpStatusCode.OK);
        Assert.Equal("USD", first.Json.GetProperty("cur").GetString());
        JsonElement won = first.Bid;
        // 100 x 0.0005 = 0.05 per impression = CPM 50.
        Assert.Equal(50m, won.GetProperty("price").GetDecimal());
        Assert.Equal(id, won.GetProperty("cid").GetString());
        Assert.Equal("cr1", won.GetProperty("crid").GetString());
        Assert.Equal(1, won.GetProperty("mtype").GetInt32());
        JsonElement lost = (await _service.BidAsync(Texts.Bid(id))).Bid;

        (await _service.NoticeAsync(won, "nurl", "31.234567")).ExpectEmpty(HttpStatusCode.OK);
        (await _service.NoticeAsync(won, "burl", "31.234567", minimum: "31.234567")).ExpectEmpty(HttpStatusCode.OK);
        (await _service.NoticeAsync(lost, "lurl", "80", minimum: "80")).ExpectEmpty(HttpStatusCode.OK);
        Answer posted = await _service.PostAsync("/v1/events", Texts.Events(Texts.Conversion(id, "conv-1", start, 12_500_000)));
        Assert.Equal("accepted", posted.Expect(HttpStatusCode.OK).Json.GetProperty("results")[0].GetProperty("status").GetString());

        JsonElement clock = await _service.AdvanceAsync(start.AddMinutes(30));
        Assert.Equal("2026-01-05T00:30:00.000Z", clock.GetProperty("now").GetString());
        Assert.True(clock.GetProperty("stepsClosed").GetInt32() >= 1);
        Assert.Equal(64, clock.GetProperty("decisionsHash").GetString()!.Length);

        JsonElement day = await _service.TrajectoryAsync(id);
        Assert.Equal(TestService.Day, day.GetProperty("day").GetInt32());
        Assert.Equal(0.031234567m, day.GetProperty("spent").GetDecimal());
        Assert.Equal(0m, day.GetProperty("adjustments").GetDecimal());
        Assert.Equal(1, day.GetProperty("conversions").GetInt32());
        Assert.Equal(12.5m, day.GetProperty("conversionValue").GetDecimal());
        Assert.Equal(0.0005m, day.GetProperty("expectedValue").GetDecimal());
        JsonElement step = day.GetProperty("steps")[0];
        Assert.Equal(1, step.GetProperty("elapsed").GetDouble());
        Assert.Equal(2, step.GetProperty("impressions").GetDouble());
        Assert.Equal(2, step.GetProperty("signals").GetDouble());
        Assert.Equal(1, step.GetProperty("wins").GetDouble());
        Assert.Equal(1, step.GetProperty("conversions").GetDouble());
        Assert.Equal(0.031234567, step.GetProperty("cost").GetDouble(), 1e-8);

        BudgetRow row = await _service.DayRowAsync(id);
        Assert.Equal(31_234_567, row.SettledNanos);
        Assert.Equal(100_000_000_000, row.BudgetNanos);
        Assert.InRange(row.OutstandingNanos, 1, row.BudgetNanos - row.SettledNanos);
        Assert.Empty(await _service.AdjustmentsAsync(id));

        JsonElement decisions = (await _service.GetAsync($"/v1/campaigns/{id}/decisions")).Expect(HttpStatusCode.OK).Json.GetProperty("decisions");
        Assert.Equal(2, decisions.GetArrayLength());
        JsonElement last = decisions[1];
        Assert.Equal("constant", last.GetProperty("policy").GetString());
        Assert.Equal(JsonValueKind.Null, last.GetProperty("fallback").ValueKind);
        Assert.Equal(1, last.GetProperty("multiplier").GetDouble());
        Assert.Equal(100, last.GetProperty("reference").GetDouble());
        Assert.Equal(0.031234567m, last.GetProperty("spent").GetDecimal());
        Assert.Equal(1, last.GetProperty("step").GetInt32());
    }

    [Theory]
    [InlineData("TargetRoas", 4, 0.2, 50)]
    [InlineData("TargetCpa", 40, 0.001, 40)]
    public async Task Each_objective_bids_its_reference_times_value(string objective, double target, double value, double cpm)
    {
        string id = Texts.NewId();
        string body = $$"""{"id":"{{id}}","objective":"{{objective}}","dailyBudget":100,"target":{{target}},"policy":"constant","mode":"SpendFirst"}""";
        (await _service.PostAsync("/v1/campaigns", body)).Expect(HttpStatusCode.Created);
        await _service.PublishAsync(id);
        Assert.Equal((decimal)cpm, (await _service.BidAsync(Texts.Bid(id, value))).Bid.GetProperty("price").GetDecimal());
    }

    [Fact]
    public async Task MaxConversions_bids_its_own_reference()
    {
        string id = Texts.NewId();
        (await _service.PostAsync("/v1/campaigns", $$"""{"id":"{{id}}","objective":"MaxConversions","dailyBudget":100,"reference":20,"policy":"constant"}"""))
            .Expect(HttpStatusCode.Created);
        await _service.PublishAsync(id);
        Assert.Equal(10m, (await _service.BidAsync(Texts.Bid(id))).Bid.GetProperty("price").GetDecimal());
    }

    [Fact]
    public async Task A_paused_campaign_stops_at_the_next_tick_and_a_deleted_one_is_archived()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        Assert.Null((await _service.BidAsync(Texts.Bid(id))).NoBid);
        Answer paused = await _service.SendAsync(
            HttpMethod.Put, $"/v1/campaigns/{id}", Texts.Campaign(id, ",\"status\":\"Paused\""), null, ("If-Match", "\"1\""));
        paused.Expect(HttpStatusCode.OK);
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(502, (await _service.BidAsync(Texts.Bid(id))).NoBid);

        (await _service.SendAsync(HttpMethod.Delete, $"/v1/campaigns/{id}")).Expect(HttpStatusCode.NoContent);
        Assert.Equal("Archived", (await _service.GetAsync($"/v1/campaigns/{id}")).Json.GetProperty("status").GetString());
        Assert.NotEqual(JsonValueKind.Undefined, (await _service.TrajectoryAsync(id)).ValueKind);
    }

    [Fact]
    public async Task Outside_its_hours_a_campaign_does_not_bid()
    {
        string id = Texts.NewId();
        int hour = _service.Now.AddHours(2).Hour;
        await _service.CreateAsync(id, $$""","schedule":{"hours":[{{hour}}]}""");
        Assert.Equal(506, (await _service.BidAsync(Texts.Bid(id))).NoBid);
        await _service.AdvanceAsync(TestService.Midnight.AddHours(hour));
        Assert.Null((await _service.BidAsync(Texts.Bid(id))).NoBid);
    }
}
