using System.Text;
using AutoBid.OpenRtb.Profiles;

namespace AutoBid.OpenRtb.Tests.Profiles;

public sealed class ExchangeProfileTests
{
    [Fact]
    public void The_default_bills_by_burl_and_assumes_loss_after_five_minutes_or_thirty_for_streams()
    {
        ExchangeProfile profile = ExchangeProfiles.BuiltIn.Default;
        Assert.Equal("default", profile.Name);
        Assert.Equal(BillingSource.Burl, profile.BillingSource);
        Assert.Equal([5, 30, 30, 5], Enumerable.Range(1, 4).Select(type => (int)profile.LossAssumedAfter(type).TotalMinutes));
        Assert.Equal("USD", profile.Currency.ToString());
        Assert.Null(profile.Seat);
        Assert.Empty(profile.SeatJson);
        Assert.Equal(NoticeChannels.All, profile.Channels);
        Assert.Equal(TimeSpan.FromMinutes(30), ExchangeProfiles.BuiltIn.LongestLossAssumedAfter);
    }

    [Fact]
    public void Profiles_are_read_from_json()
    {
        ExchangeProfiles profiles = Parse("""
            {"profiles":[{"name":"a","billingSource":"nurl","currency":"EUR","seat":"s\"7","minimumToWin":true,"notices":["nurl","lurl"],
            "lossAssumedAfter":"00:02:00","lossAssumedAfterByType":{"video":"01:00:00"}},{"name":"b","billingSource":"stream","notices":[]}]}
            """);
        Assert.True(profiles.TryGet("a", out ExchangeProfile a));
        Assert.Equal(BillingSource.Nurl, a.BillingSource);
        Assert.Equal("EUR", a.Currency.ToString());
        Assert.Equal("s\"7", System.Text.Json.JsonSerializer.Deserialize<string>(a.SeatJson));
        Assert.True(a.SupportsMinimumToWin);
        Assert.Equal(NoticeChannels.Nurl | NoticeChannels.Lurl, a.Channels);
        Assert.Equal([2, 60, 2, 2], Enumerable.Range(1, 4).Select(type => (int)a.LossAssumedAfter(type).TotalMinutes));
        Assert.Equal(TimeSpan.FromHours(1), profiles.LongestLossAssumedAfter);
        Assert.True(profiles.TryGet("b", out ExchangeProfile b));
        Assert.Equal((BillingSource.Stream, NoticeChannels.None), (b.BillingSource, b.Channels));
        Assert.False(profiles.TryGet("c", out ExchangeProfile fallback));
        Assert.Same(profiles.Default, fallback);
        Assert.Equal(3, profiles.All.Count);
    }

    [Fact]
    public void The_default_can_be_replaced()
        => Assert.Equal(BillingSource.Nurl, Parse("""{"profiles":[{"name":"default","billingSource":"nurl"}]}""").Default.BillingSource);

    [Theory]
    [InlineData("{}")]
    [InlineData("nonsense")]
    [InlineData("{\"profiles\":[{}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\"},{\"name\":\"a\"}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"billing\":\"burl\"}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"billingSource\":\"BURL\"}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"currency\":\"EURO\"}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"notices\":[\"lurl\"]}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"billingSource\":\"nurl\",\"notices\":[\"burl\"]}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"lossAssumedAfter\":\"5 min\"}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"lossAssumedAfter\":\"-00:05:00\"}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"lossAssumedAfterByType\":{\"display\":\"00:05:00\"}}]}")]
    [InlineData("{\"profiles\":[{\"name\":\"a\",\"minimumToWin\":\"yes\"}]}")]
    public void Bad_profiles_say_so(string json) => Assert.Throws<FormatException>(() => Parse(json));

    private static ExchangeProfiles Parse(string json) => ExchangeProfiles.Parse(Encoding.UTF8.GetBytes(json));
}
