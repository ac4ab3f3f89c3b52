using System.Net;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Bidding;

/// <summary>Notices days and hours after their bid; each test has a clock of its own.</summary>
[Collection(ServiceCollection.Name)]
public sealed class LateNoticeTests
{
    private static readonly TimeSpan HalfHour = TimeSpan.FromMinutes(30);

    [Fact]
    public async Task An_expired_token_gets_200_and_a_dead_letter_and_does_not_settle()
    {
        await using TestService service = await TestService.StartAsync();
        await service.CreateAsync("old");
        JsonElement bid = (await service.BidAsync(Texts.Bid("old"))).Bid;
        await service.AdvanceByAsync(TimeSpan.FromHours(72));
        double before = await service.MetricAsync("autobid_notices_total{kind=\"bill\",result=\"too-old\"}");
        double dead = await service.MetricAsync("autobid_events_dead_total{topic=\"autobid.spend\",reason=\"too-old\"}");
        await service.AdvanceByAsync(TimeSpan.FromSeconds(1));
        (await service.NoticeAsync(bid, "burl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await service.AdvanceByAsync(HalfHour);
        Assert.Equal(before + 1, await service.MetricAsync("autobid_notices_total{kind=\"bill\",result=\"too-old\"}"));
        Assert.Equal(dead + 1, await service.MetricAsync("autobid_events_dead_total{topic=\"autobid.spend\",reason=\"too-old\"}"));
        Assert.Equal(0m, await service.SettledAsync("old"));
        Assert.Empty(await service.AdjustmentsAsync("old"));
    }

    [Fact]
    public async Task A_late_bill_of_yesterday_is_money_of_yesterday()
    {
        await using TestService service = await TestService.StartAsync();
        await service.CreateAsync("y");
        await service.AdvanceAsync(TestService.Midnight.AddHours(23.9));
        JsonElement bid = (await service.BidAsync(Texts.Bid("y"))).Bid;
        await service.AdvanceAsync(TestService.Midnight.AddHours(24).AddSeconds(10));
        (await service.NoticeAsync(bid, "burl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await service.AdvanceByAsync(HalfHour);
        Assert.Equal(0.04m, await service.SettledAsync("y"));
        Assert.Equal(0m, (await service.TrajectoryAsync("y")).GetProperty("spent").GetDecimal());
    }
}
