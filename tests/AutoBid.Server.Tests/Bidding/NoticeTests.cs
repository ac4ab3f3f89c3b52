using System.Net;
using System.Text.Json;
using AutoBid.Engine.Ports;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Bidding;

/// <summary>Win, bill and loss notices, good ones and every bad one of the list: what is answered, and what the ledger keeps.</summary>
[Collection(ServiceCollection.Name)]
public sealed class NoticeTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private static readonly TimeSpan HalfHour = TimeSpan.FromMinutes(30);

    private readonly TestService _service = fixture.Service;

    [Fact]
    public async Task A_bill_that_comes_again_is_counted_and_changes_nothing()
    {
        (string id, JsonElement bid) = await BidAsync();
        double before = await _service.MetricAsync("autobid_events_duplicate_total{kind=\"bill\"}");
        for (int i = 0; i < 3; i++) (await _service.NoticeAsync(bid, "burl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceAsync(_service.Now);
        (await _service.NoticeAsync(bid, "burl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.04m, await _service.SettledAsync(id));
        Assert.Empty(await _service.AdjustmentsAsync(id));
        Assert.Equal(before + 3, await _service.MetricAsync("autobid_events_duplicate_total{kind=\"bill\"}"));
    }

    [Fact]
    public async Task Of_contradictory_bills_the_first_counts()
    {
        (string id, JsonElement bid) = await BidAsync();
        await _service.NoticeAsync(bid, "burl", "40");
        await _service.NoticeAsync(bid, "burl", "45");
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.04m, await _service.SettledAsync(id));
    }

    [Fact]
    public async Task A_win_without_its_bill_is_recorded_and_does_not_settle()
    {
        (string id, JsonElement bid) = await BidAsync();
        (await _service.NoticeAsync(bid, "nurl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0m, await _service.SettledAsync(id));
    }

    [Fact]
    public async Task A_bill_after_the_hold_ended_is_an_adjustment_listed_by_itself()
    {
        (string id, JsonElement bid) = await BidAsync();
        double before = await _service.MetricAsync("autobid_adjustments_total{cause=\"late-win\"}");
        await _service.AdvanceByAsync(HalfHour);
        (await _service.NoticeAsync(bid, "burl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Adjustment adjustment = Assert.Single(await _service.AdjustmentsAsync(id));
        Assert.Equal((40_000_000, "late-win", TestService.Day), (adjustment.AmountNanos, adjustment.Cause, adjustment.Day));
        Assert.Equal(0.04m, await _service.SettledAsync(id));
        JsonElement day = await _service.TrajectoryAsync(id);
        Assert.Equal(0.04m, day.GetProperty("spent").GetDecimal());
        Assert.Equal(0.04m, day.GetProperty("adjustments").GetDecimal());
        Assert.Equal(before + 1, await _service.MetricAsync("autobid_adjustments_total{cause=\"late-win\"}"));
    }

    [Fact]
    public async Task A_bill_after_a_loss_of_the_same_bid_is_not_lost()
    {
        (string id, JsonElement bid) = await BidAsync();
        await _service.NoticeAsync(bid, "lurl", null);
        await _service.AdvanceAsync(_service.Now);
        await _service.NoticeAsync(bid, "burl", "40");
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.04m, await _service.SettledAsync(id));
        Assert.Equal(40_000_000, Assert.Single(await _service.AdjustmentsAsync(id)).AmountNanos);
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("${AUCTION_PRICE:B64}")]
    [InlineData("40", "EUR")]
    public async Task Without_a_price_or_its_rate_a_bill_settles_at_the_bid_and_is_flagged(string? price, string currency = "USD")
    {
        (string id, JsonElement bid) = await BidAsync();
        double before = await _service.MetricAsync("autobid_notices_total{kind=\"bill\",result=\"at-bid\"}");
        (await _service.NoticeAsync(bid, "burl", price, currency)).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.05m, await _service.SettledAsync(id));
        Assert.Equal(before + 1, await _service.MetricAsync("autobid_notices_total{kind=\"bill\",result=\"at-bid\"}"));
    }

    [Fact]
    public async Task An_audit_is_ignored()
    {
        (string id, JsonElement bid) = await BidAsync();
        double before = await _service.MetricAsync("autobid_notices_total{kind=\"bill\",result=\"audit\"}");
        (await _service.NoticeAsync(bid, "burl", "AUDIT")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0m, await _service.SettledAsync(id));
        Assert.Equal(before + 1, await _service.MetricAsync("autobid_notices_total{kind=\"bill\",result=\"audit\"}"));
    }

    [Fact]
    public async Task A_price_above_the_bid_settles_in_full_and_never_beyond_budget_plus_adjustments()
    {
        // The day holds little more than one bid: what lies above it finds no headroom.
        string id = Texts.NewId();
        await _service.CreateAsync(id, budget: 0.06m);
        JsonElement bid = (await _service.BidAsync(Texts.Bid(id))).Bid;
        (await _service.NoticeAsync(bid, "burl", "90")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        BudgetRow row = await _service.DayRowAsync(id);
        Assert.Equal(90_000_000, row.SettledNanos);
        Adjustment adjustment = Assert.Single(await _service.AdjustmentsAsync(id));
        Assert.Equal("price-above-hold", adjustment.Cause);
        Assert.True(row.SettledNanos - adjustment.AmountNanos + row.OutstandingNanos <= 60_000_000);
        Assert.Equal(503, (await _service.BidAsync(Texts.Bid(id))).NoBid);
    }

    [Theory]
    [InlineData("not-a-token")]
    [InlineData("")]
    [InlineData("AQE")]
    public async Task A_bad_token_gets_400_with_an_empty_body(string token)
    {
        foreach (string kind in new[] { "win", "bill", "loss" })
            (await _service.GetAsync($"/openrtb2/notice/{kind}?t={token}&p=1&c=USD")).ExpectEmpty(HttpStatusCode.BadRequest);
        (await _service.SendAsync(HttpMethod.Post, $"/openrtb2/notice/bill?t={token}&p=1")).ExpectEmpty(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_forged_token_gets_400_even_as_audit_and_changes_nothing()
    {
        (string id, JsonElement bid) = await BidAsync();
        double before = await _service.MetricAsync("autobid_notices_total{kind=\"bill\",result=\"bad-token\"}");
        string url = Texts.Notice(bid.GetProperty("burl").GetString()!, "40");
        int at = url.IndexOf("?t=", StringComparison.Ordinal) + 3, end = url.IndexOf('&', at);
        int forged = 0;
        for (int i = at; i < end; i += 7, forged++)
        {
            char[] text = url.ToCharArray();
            text[i] = text[i] == 'A' ? 'B' : 'A';
            (await _service.GetAsync(new string(text))).ExpectEmpty(HttpStatusCode.BadRequest);
        }

        (await _service.GetAsync($"/openrtb2/notice/bill?t=not-a-token&p=AUDIT")).ExpectEmpty(HttpStatusCode.BadRequest);
        Assert.Equal(before + forged + 1, await _service.MetricAsync("autobid_notices_total{kind=\"bill\",result=\"bad-token\"}"));
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0m, await _service.SettledAsync(id));
    }

    [Theory]
    [InlineData("p=-1&c=USD")]
    [InlineData("p=abc&c=USD")]
    [InlineData("p=1e300&c=USD")]
    [InlineData("p=1&c=dollars")]
    public async Task A_price_that_is_none_gets_400_and_leaves_the_bid_to_be_billed(string macros)
    {
        (string id, JsonElement bid) = await BidAsync();
        string url = bid.GetProperty("burl").GetString()!;
        (await _service.GetAsync($"{url[..url.IndexOf('&', StringComparison.Ordinal)]}&{macros}")).ExpectEmpty(HttpStatusCode.BadRequest);
        (await _service.NoticeAsync(bid, "burl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.04m, await _service.SettledAsync(id));
        Assert.Empty(await _service.AdjustmentsAsync(id));
    }

    [Fact]
    public async Task The_order_of_events_inside_a_step_changes_nothing()
    {
        string a = Texts.NewId("order"), b = Texts.NewId("order");
        foreach (string id in new[] { a, b }) await _service.CreateAsync(id);
        DateTimeOffset now = _service.Now;
        foreach (string id in new[] { a, b })
        {
            var calls = new List<Func<Task>>();
            for (int i = 0; i < 6; i++)
            {
                JsonElement bid = (await _service.BidAsync(Texts.Bid(id, 0.0003 + 0.0001 * i))).Bid;
                string price = $"{20 + i}";
                bool isLoss = i % 3 == 0;
                calls.Add(() => isLoss ? _service.NoticeAsync(bid, "lurl", null, minimum: "70") : _service.NoticeAsync(bid, "burl", price, minimum: price));
            }

            calls.Add(() => _service.PostAsync("/v1/events", Texts.Events(Texts.Conversion(id, $"{id}-1", now, 3_000_000, revision: 0))));
            calls.Add(() => _service.PostAsync("/v1/events", Texts.Events(Texts.Conversion(id, $"{id}-1", now, 4_000_000, "restate", 1))));
            calls.Add(() => _service.PostAsync("/v1/events", Texts.Events(Texts.Conversion(id, $"{id}-2", now, 5_000_000, "retract", 1))));
            calls.Add(() => _service.PostAsync("/v1/events", Texts.Events(Texts.Conversion(id, $"{id}-2", now, 5_000_000, revision: 0))));
            if (id == b) calls.Reverse();
            foreach (Func<Task> call in calls) await call();
        }

        await _service.AdvanceByAsync(HalfHour);
        JsonElement first = await _service.TrajectoryAsync(a), second = await _service.TrajectoryAsync(b);
        Assert.Equal(1, first.GetProperty("conversions").GetInt32());
        Assert.Equal(4m, first.GetProperty("conversionValue").GetDecimal());
        Assert.True(first.GetProperty("spent").GetDecimal() > 0);
        Assert.Equal(first.GetRawText().Replace(a, "id", StringComparison.Ordinal), second.GetRawText().Replace(b, "id", StringComparison.Ordinal));
    }

    private async Task<(string Campaign, JsonElement Bid)> BidAsync()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        return (id, (await _service.BidAsync(Texts.Bid(id))).Bid);
    }
}
