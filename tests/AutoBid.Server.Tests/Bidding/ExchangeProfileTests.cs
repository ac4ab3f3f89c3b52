using System.Net;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Bidding;

/// <summary>Exchanges with their own profile, and requests in another currency than the account's.</summary>
[Collection(ServiceCollection.Name)]
public sealed class ExchangeProfileTests : IAsyncLifetime
{
    private const string Profiles =
        """{"profiles":[{"name":"nurl-x","billingSource":"nurl","seat":"42","lossAssumedAfter":"00:10:00"},{"name":"stream-x","billingSource":"stream","notices":["lurl"]}]}""";

    private const string Rates = """{"base":"USD","days":[{"date":"2026-01-01","rates":{"EUR":1.25}}]}""";

    private static readonly TimeSpan HalfHour = TimeSpan.FromMinutes(30);

    private readonly TempFolder _files = new();
    private TestService _service = null!;

    public async ValueTask InitializeAsync()
    {
        string profiles = Path.Combine(_files.Path, "profiles.json"), rates = Path.Combine(_files.Path, "rates.json");
        await File.WriteAllTextAsync(profiles, Profiles);
        await File.WriteAllTextAsync(rates, Rates);
        _service = await TestService.StartAsync(options => options with { ExchangesFile = profiles, RatesFile = rates });
        await _service.CreateAsync("c");
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _files.Dispose();
    }

    [Fact]
    public async Task Where_wins_bill_the_win_settles_and_the_bill_cannot_hide_it()
    {
        JsonElement bid = await BidAsync("nurl-x");
        (await _service.NoticeAsync(bid, "burl", "45")).ExpectEmpty(HttpStatusCode.OK);
        (await _service.NoticeAsync(bid, "nurl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.04m, await _service.SettledAsync("c"));
        Assert.Empty(await _service.AdjustmentsAsync("c"));
    }

    [Fact]
    public async Task Where_the_stream_bills_bids_carry_no_billing_url_and_its_events_settle()
    {
        JsonElement bid = await BidAsync("stream-x");
        Assert.False(bid.TryGetProperty("burl", out _));
        Assert.False(bid.TryGetProperty("nurl", out _));
        string bill = Texts.Item(
            "autobid.spend",
            $$"""{"v":1,"kind":"bill","via":"stream","exchange":"stream-x","auction":"a","imp":"1","bid":"b","campaign":"c","priceNanos":5,"currency":"USD","time":"{{Texts.Instant(_service.Now)}}","bidTime":"{{Texts.Instant(_service.Now)}}"}""");
        (await _service.PostAsync("/v1/events", Texts.Events(bill))).Expect(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.000000005m, await _service.SettledAsync("c"));
    }

    [Theory]
    [InlineData(",\"wseat\":[\"42\"]", null)]
    [InlineData(",\"wseat\":[\"43\"]", 516)]
    [InlineData(",\"bseat\":[\"42\"]", 516)]
    public async Task The_seat_is_bid_under_and_respected(string fields, int? nbr)
    {
        Answer answer = await _service.PostAsync("/openrtb2/bid/nurl-x", Texts.Request(Texts.Imp("1", Texts.Candidate("c")), fields));
        Assert.Equal(nbr, answer.Expect(HttpStatusCode.OK).NoBid);
        if (nbr is null) Assert.Equal("42", answer.Json.GetProperty("seatbid")[0].GetProperty("seat").GetString());
    }

    [Fact]
    public async Task A_bid_in_euros_is_billed_in_euros_and_kept_in_dollars()
    {
        Answer answer = await _service.BidAsync(Texts.Request(Texts.Imp("1", Texts.Candidate("c"), ",\"bidfloor\":39.9,\"bidfloorcur\":\"EUR\""), ",\"cur\":[\"EUR\"]"));
        Assert.Equal("EUR", answer.Json.GetProperty("cur").GetString());
        // USD 50 CPM at 1.25 dollars a euro.
        Assert.Equal(40m, answer.Bid.GetProperty("price").GetDecimal());
        (await _service.NoticeAsync(answer.Bid, "burl", "30", "EUR")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.0375m, await _service.SettledAsync("c"));
        Assert.Equal(507, (await _service.BidAsync(Texts.Request(Texts.Imp("1", Texts.Candidate("c"), ",\"bidfloor\":40.1,\"bidfloorcur\":\"EUR\"")))).NoBid);
    }

    [Fact]
    public async Task An_exchange_without_a_profile_is_served_by_the_default()
        => Assert.True((await BidAsync("nobody")).TryGetProperty("burl", out _));

    private async Task<JsonElement> BidAsync(string exchange) => (await _service.PostAsync($"/openrtb2/bid/{exchange}", Texts.Bid("c"))).Expect(HttpStatusCode.OK).Bid;
}
