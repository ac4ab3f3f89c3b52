using System.Text;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;

namespace AutoBid.Streaming.Tests.Json;

public sealed class EventReaderTests
{
    private const string Bill =
        """{"v":1,"kind":"bill","via":"burl","exchange":"adx","auction":"a1","imp":"1","bid":"b1","campaign":"c1","priceNanos":50000,"currency":"USD","time":"2026-03-01T12:00:00Z","bidTime":"2026-03-01T11:59:59.5Z"}""";

    private readonly CampaignNames _names = new();

    [Fact]
    public void Reads_a_bill_and_ignores_what_it_does_not_know()
    {
        string json = Bill.Replace("\"v\":1", """ "later":{"a":[1,{"b":null}]},"v" : 1, "ip":"x" """, StringComparison.Ordinal);
        Assert.True(EventReader.TryRead(Topic.Spend, Encoding.UTF8.GetBytes(json), _names, out EngineEvent e, out string error), error);
        Assert.Equal(EventKind.Bill, e.Kind);
        Assert.Equal(BillingChannel.Burl, e.Via);
        Assert.Equal("default", e.TenantId);
        Assert.Equal(50_000, e.AmountNanos);
        Assert.Equal(TestEvents.Noon, e.TimeTicks);
        Assert.Equal(TestEvents.Noon - TimeSpan.TicksPerSecond / 2, e.OriginTicks);
        Assert.Equal(EventIdentities.Of("default", "adx", "a1", "1", "b1", "bill"), e.Identity);
    }

    [Theory]
    [InlineData("\"v\":1,", "\"v\":2,", "version", "v: must be 1")]
    [InlineData("\"v\":1,", "", "missing", "v: is required")]
    [InlineData("\"v\":1,", "\"v\":\"1\",", "type", "v: must be an integer")]
    [InlineData("\"bill\"", "\"paid\"", "range", "kind: must be one of bill, win, loss, adjust")]
    [InlineData("\"burl\"", "7", "type", "via: must be text")]
    [InlineData("50000", "-1", "range", "priceNanos: must lie in 0..1000000000000000000")]
    [InlineData("50000", "1000000000000000001", "range", "priceNanos: must lie in 0..1000000000000000000")]
    [InlineData("50000", "99999999999999999999999", "range", "priceNanos: must lie in 0..1000000000000000000")]
    [InlineData("50000", "0.5", "type", "priceNanos: must be an integer")]
    [InlineData("50000", "\"5\"", "type", "priceNanos: must be an integer")]
    [InlineData("50000", "null", "type", "priceNanos: must be an integer")]
    [InlineData("\"USD\"", "\"usd\"", "currency", "currency: must be an ISO 4217 code")]
    [InlineData("\"USD\"", "\"EUR\"", "currency", "currency: must be the campaign's account currency USD")]
    [InlineData("\"c1\"", "\"\"", "range", "campaign: must have 1 to 64 characters")]
    [InlineData("\"c1\"", "\"\\ud800\"", "type", "campaign: is not valid text")]
    [InlineData("12:00:00Z", "12:00:00", "time", "time: must be ISO 8601 in UTC with Z, years 2000 to 2100")]
    [InlineData("12:00:00Z", "12:00:00+00:00", "time", "time: must be ISO 8601 in UTC with Z, years 2000 to 2100")]
    [InlineData("12:00:00Z", "24:00:00Z", "time", "time: must be ISO 8601 in UTC with Z, years 2000 to 2100")]
    [InlineData("2026-03-01T12", "1999-12-31T12", "time", "time: must be ISO 8601 in UTC with Z, years 2000 to 2100")]
    [InlineData("2026-03-01T12", "2101-01-01T12", "time", "time: must be ISO 8601 in UTC with Z, years 2000 to 2100")]
    [InlineData("2026-03-01T12", "2026-02-29T12", "time", "time: must be ISO 8601 in UTC with Z, years 2000 to 2100")]
    [InlineData(",\"bidTime\":\"2026-03-01T11:59:59.5Z\"", "", "missing", "bidTime: is required")]
    [InlineData("\"imp\":\"1\"", "\"imp\":1", "type", "imp: must be text")]
    [InlineData("\"v\":1,", "\"v\":1,\"lease\":5,", "missing", "seq: is required")]
    [InlineData("\"v\":1,", "\"v\":1,\"lease\":0,\"seq\":1,", "range", "lease: must lie in 1..9223372036854775807")]
    [InlineData("\"bill\"", "\"adjust\"", "missing", "id: is required")]
    public void Refuses_with_a_reason_that_names_the_field(string from, string to, string code, string reason)
    {
        _names.Learn(TestEvents.Campaign("c1"));
        string json = Bill.Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(Bill, json);
        Assert.False(EventReader.TryRead(Topic.Spend, Encoding.UTF8.GetBytes(json), _names, out EngineEvent e, out EventError error));
        Assert.Equal(code, error.Code);
        Assert.Equal(reason, error.ToString());
        Assert.Null(e.CampaignId);
    }

    [Theory]
    [InlineData("", "is not valid JSON")]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("{", "is not valid JSON")]
    [InlineData("{\"v\":1} x", "is not valid JSON")]
    [InlineData("{\"v\":1,}", "is not valid JSON")]
    public void Refuses_what_is_no_object(string json, string reason)
    {
        Assert.False(EventReader.TryRead(Topic.Spend, Encoding.UTF8.GetBytes(json), _names, out _, out string error));
        Assert.Equal(reason, error);
    }

    [Fact]
    public void Refuses_deep_nesting_invalid_utf8_and_size()
    {
        string deep = Bill.Replace("\"v\":1", "\"x\":" + new string('[', 100) + new string(']', 100) + ",\"v\":1", StringComparison.Ordinal);
        Assert.False(EventReader.TryRead(Topic.Spend, Encoding.UTF8.GetBytes(deep), _names, out _, out string error));
        Assert.Equal("is not valid JSON", error);

        byte[] broken = Encoding.UTF8.GetBytes(Bill);
        broken[Bill.IndexOf("a1", StringComparison.Ordinal)] = 0xC3;
        Assert.False(EventReader.TryRead(Topic.Spend, broken, _names, out _, out error));
        Assert.Equal("auction: is not valid text", error);

        Assert.False(EventReader.TryRead(Topic.Spend, new byte[300_000], _names, out _, out EventError size));
        Assert.Equal("size", size.Code);
    }

    [Theory]
    [InlineData("autobid.decisions")]
    [InlineData("autobid.outcomes")]
    [InlineData("spend")]
    public void Refuses_topics_that_are_not_input(string topic)
    {
        Assert.False(EventReader.TryRead(topic, Encoding.UTF8.GetBytes(Bill), _names, out _, out EventError error));
        Assert.Equal("topic", error.Code);
    }

    [Theory]
    [InlineData("""{"v":1,"id":"c1","version":1,"objective":"TargetCpa","dailyBudgetNanos":1000000000}""", "target: TargetCpa needs a target")]
    [InlineData("""{"v":1,"id":"c1","version":1,"objective":"TargetCpa","target":"5","dailyBudgetNanos":1000000000}""", "target: must be a number")]
    [InlineData("""{"v":1,"id":"c1","version":1,"objective":"MaxConversions","dailyBudgetNanos":1000000000,"schedule":{"timeZone":"Mars/Base"}}""", "schedule.timeZone: is not a known IANA time zone")]
    [InlineData("""{"v":1,"id":"c1","version":1,"objective":"MaxConversions","dailyBudgetNanos":1000000000,"schedule":{"hours":[25]}}""", "schedule.hours: must be at most 24 integers in 0..23")]
    [InlineData("""{"v":1,"id":"c1","version":1,"objective":"MaxConversions","dailyBudgetNanos":1000000000,"schedule":7}""", "schedule: must be an object")]
    [InlineData("""{"v":1,"id":"c1","version":1,"objective":"MaxConversions","dailyBudgetNanos":1000000000,"minMultiplier":1e999}""", "minMultiplier: must be a finite number")]
    [InlineData("""{"v":1,"id":"c1","version":-1,"objective":"MaxConversions","dailyBudgetNanos":1000000000}""", "version: must lie in 0..9223372036854775807")]
    [InlineData("""{"v":1,"id":"c 1","version":1,"objective":"MaxConversions","dailyBudgetNanos":1000000000}""", "id: 1 to 64 letters, digits, '.', '_', ':' or '-'")]
    public void Refuses_settings_that_a_campaign_must_not_have(string json, string reason)
    {
        Assert.False(EventReader.TryRead(Topic.Campaigns, Encoding.UTF8.GetBytes(json), _names, out _, out string error));
        Assert.Equal(reason, error);
    }

    [Fact]
    public void A_known_campaign_is_one_string_and_one_event_of_another_currency_is_refused_only_when_known()
    {
        byte[] euro = Encoding.UTF8.GetBytes(Bill.Replace("USD", "EUR", StringComparison.Ordinal));
        Assert.True(EventReader.TryRead(Topic.Spend, euro, _names, out _, out string _));
        _names.Learn(TestEvents.Campaign("c1"));
        Assert.False(EventReader.TryRead(Topic.Spend, euro, _names, out _, out string _));
        EventReader.TryRead(Topic.Spend, Encoding.UTF8.GetBytes(Bill), _names, out EngineEvent a, out string _);
        EventReader.TryRead(Topic.Spend, Encoding.UTF8.GetBytes(Bill), _names, out EngineEvent b, out string _);
        Assert.Same(a.CampaignId, b.CampaignId);
        Assert.Same(a.Source, b.Source);
    }

    [Theory]
    [InlineData("2026-03-01T12:00:00.1Z", 1_000_000)]
    [InlineData("2026-03-01T12:00:00.1234567Z", 1_234_567)]
    [InlineData("2026-03-01T12:00:00.123456789Z", 1_234_567)]
    [InlineData("2026-03-01T12:00:00.000Z", 0)]
    public void Times_have_any_number_of_fraction_digits(string text, long ticks)
    {
        Assert.True(TimeText.TryParse(Encoding.ASCII.GetBytes(text), out long parsed));
        Assert.Equal(TestEvents.Noon + ticks, parsed);
    }
}
