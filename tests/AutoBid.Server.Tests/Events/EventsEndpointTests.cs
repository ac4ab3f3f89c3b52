using System.Net;
using System.Text;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Events;

/// <summary>POST /v1/events: each item for itself, 400 only for a bad envelope.</summary>
[Collection(ServiceCollection.Name)]
public sealed class EventsEndpointTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private readonly TestService _service = fixture.Service;

    public static TheoryData<string> BadItems =>
    [
        "7",
        "null",
        "{}",
        """{"topic":"autobid.conversions"}""",
        """{"topic":"autobid.conversions","event":[]}""",
        """{"topic":"autobid.campaigns","event":{"id":"x"}}""",
        """{"topic":"autobid.bidstats","event":{"id":"x"}}""",
        """{"topic":"elsewhere","event":{"id":"x"}}""",
        """{"topic":"\ud800","event":{"id":"x"}}""",
        """{"topic":"autobid.conversions","event":{"id":"\ud800"}}""",
        """{"topic":"autobid.conversions","event":{"id\ud800":"x"}}""",
        """{"topic":"autobid.conversions","event":{"v":1,"kind":"convert","id":"x","revision":0,"source":"s","campaign":"nobody","valueMicros":0,"time":"2026-01-05T00:00:00Z"}}""",
        """{"topic":"autobid.conversions","event":{"v":2,"kind":"convert","id":"x","revision":0,"source":"s","campaign":"CAMPAIGN","valueMicros":0,"time":"2026-01-05T00:00:00Z"}}""",
        """{"topic":"autobid.conversions","event":{"v":1,"kind":"convert","id":"x","revision":0,"source":"s","campaign":"CAMPAIGN","valueMicros":-1,"time":"2026-01-05T00:00:00Z"}}""",
        """{"topic":"autobid.conversions","event":{"v":1,"kind":"convert","id":"x","revision":0,"source":"s","campaign":"CAMPAIGN","valueMicros":0,"time":"yesterday"}}""",
        """{"topic":"autobid.spend","event":{"v":1,"kind":"bill","via":"burl","exchange":"e","auction":"a","imp":"1","bid":"b","campaign":"CAMPAIGN","priceNanos":-5,"currency":"USD","time":"2026-01-05T00:00:00Z","bidTime":"2026-01-05T00:00:00Z"}}""",
        """{"topic":"autobid.spend","event":{"v":1,"kind":"bill","via":"burl","exchange":"e","auction":"a","imp":"1","bid":"b","campaign":"CAMPAIGN","priceNanos":9223372036854775807,"currency":"USD","time":"2026-01-05T00:00:00Z","bidTime":"2026-01-05T00:00:00Z"}}""",
        """{"topic":"autobid.spend","event":{"v":1,"kind":"bill","via":"burl","exchange":"e","auction":"a","imp":"1","bid":"b","campaign":"CAMPAIGN","priceNanos":5,"currency":"EUR","time":"2026-01-05T00:00:00Z","bidTime":"2026-01-05T00:00:00Z"}}""",
        """{"topic":"autobid.spend","event":{"v":1,"kind":"bill","via":"burl","exchange":"e","auction":"a","imp":"1","bid":"b","campaign":"CAMPAIGN","priceNanos":5,"currency":"USD","time":"2026-01-05T00:00:00Z"}}""",
    ];

    [Theory]
    [MemberData(nameof(BadItems))]
    public async Task A_bad_item_gets_its_error_in_its_place_and_hinders_no_other(string bad)
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        string body = Texts.Events(
            Texts.Conversion(id, $"{id}-1", _service.Now), bad.Replace("CAMPAIGN", id, StringComparison.Ordinal), Texts.Conversion(id, $"{id}-2", _service.Now));
        JsonElement results = (await _service.PostAsync("/v1/events", body)).Expect(HttpStatusCode.OK).Json.GetProperty("results");
        Assert.Equal(3, results.GetArrayLength());
        Assert.Equal("accepted", results[0].GetProperty("status").GetString());
        Assert.False(string.IsNullOrEmpty(results[1].GetProperty("error").GetString()));
        Assert.True(results[1].TryGetProperty("id", out _));
        Assert.Equal("accepted", results[2].GetProperty("status").GetString());
        await _service.AdvanceAsync(_service.Now);
        JsonElement day = await _service.TrajectoryAsync(id);
        Assert.Equal(2, day.GetProperty("conversions").GetInt32());
        Assert.Equal(0m, day.GetProperty("spent").GetDecimal());
    }

    [Fact]
    public async Task The_error_carries_the_id_of_its_event()
    {
        JsonElement results = (await _service.PostAsync("/v1/events", Texts.Events(Texts.Conversion("nobody", "conv-7", _service.Now)))).Json.GetProperty("results");
        Assert.Equal("conv-7", results[0].GetProperty("id").GetString());
        Assert.Equal("campaign: unknown", results[0].GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"events":{}}""")]
    [InlineData("""{"event\ud800":[]}""")]
    public async Task A_bad_envelope_gets_400(string body) => (await _service.PostAsync("/v1/events", body)).ExpectProblem(HttpStatusCode.BadRequest);

    [Fact]
    public async Task Batches_have_a_limit()
    {
        (await _service.PostAsync("/v1/events", Texts.Events([.. Enumerable.Repeat("{}", 10_001)]))).ExpectProblem(HttpStatusCode.BadRequest);
        Answer full = await _service.PostAsync("/v1/events", Texts.Events([.. Enumerable.Repeat("{}", 10_000)]));
        Assert.Equal(10_000, full.Expect(HttpStatusCode.OK).Json.GetProperty("results").GetArrayLength());
        var large = new StringContent($$"""{"events":[],"x":"{{new string('x', 4 * 1024 * 1024)}}"}""", Encoding.UTF8, "application/json");
        (await _service.SendAsync(HttpMethod.Post, "/v1/events", large, null)).ExpectProblem(HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task A_conversion_counts_once_and_can_be_restated_and_retracted()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        DateTimeOffset now = _service.Now;
        async Task<(int Count, decimal Value)> AfterAsync(params string[] items)
        {
            (await _service.PostAsync("/v1/events", Texts.Events(items))).Expect(HttpStatusCode.OK);
            await _service.AdvanceAsync(_service.Now);
            JsonElement day = await _service.TrajectoryAsync(id);
            return (day.GetProperty("conversions").GetInt32(), day.GetProperty("conversionValue").GetDecimal());
        }

        string one = Texts.Conversion(id, $"{id}-1", now, 2_000_000), two = Texts.Conversion(id, $"{id}-2", now, 3_000_000);
        Assert.Equal((2, 5m), await AfterAsync(one, one, two));
        Assert.Equal((2, 5m), await AfterAsync(two));
        Assert.Equal((2, 7m), await AfterAsync(Texts.Conversion(id, $"{id}-1", now, 4_000_000, "restate", 1)));
        Assert.Equal((1, 4m), await AfterAsync(Texts.Conversion(id, $"{id}-2", now, 0, "retract", 1)));
    }

    [Fact]
    public async Task A_correction_is_listed_and_a_refund_above_the_spend_goes_to_the_dead_letters()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        string Adjust(string key, long nanos) => Texts.Item(
            "autobid.spend",
            $$"""{"v":1,"kind":"adjust","via":"stream","exchange":"e","auction":"a","imp":"1","bid":"b","id":"{{id}}-{{key}}","campaign":"{{id}}","priceNanos":{{nanos}},"currency":"USD","time":"{{Texts.Instant(_service.Now)}}","bidTime":"{{Texts.Instant(_service.Now)}}"}""");
        double before = await _service.MetricAsync("autobid_events_rejected_total{reason=\"refund-above-spend\"}");
        (await _service.PostAsync("/v1/events", Texts.Events(Adjust("1", 30_000_000)))).Expect(HttpStatusCode.OK);
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(1));
        (await _service.PostAsync("/v1/events", Texts.Events(Adjust("2", -10_000_000)))).Expect(HttpStatusCode.OK);
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        (await _service.PostAsync("/v1/events", Texts.Events(Adjust("3", -30_000_000)))).Expect(HttpStatusCode.OK);
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(0.02m, await _service.SettledAsync(id));
        Assert.Equal([-10_000_000L, 30_000_000L], (await _service.AdjustmentsAsync(id)).Select(a => a.AmountNanos).Order());
        Assert.Equal(before + 1, await _service.MetricAsync("autobid_events_rejected_total{reason=\"refund-above-spend\"}"));
    }

    [Fact]
    public async Task The_channels_that_do_not_bill_cannot_hide_the_one_that_does()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        string Bill(string via) => Texts.Item(
            "autobid.spend",
            $$"""{"v":1,"kind":"bill","via":"{{via}}","exchange":"default","auction":"a","imp":"1","bid":"b-{{id}}","campaign":"{{id}}","priceNanos":7,"currency":"USD","time":"{{Texts.Instant(_service.Now)}}","bidTime":"{{Texts.Instant(_service.Now)}}"}""");
        (await _service.PostAsync("/v1/events", Texts.Events(Bill("stream"), Bill("nurl"), Bill("burl"), Bill("burl")))).Expect(HttpStatusCode.OK);
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(0.000000007m, await _service.SettledAsync(id));
        Assert.Equal("foreign-bid", Assert.Single(await _service.AdjustmentsAsync(id)).Cause);
    }
}
