using AutoBid.Cli.Exchange;
using AutoBid.Cli.Exchange.OpenLoop;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Tests.Exchange.OpenLoop;

public sealed class OpenLoopExchangeTests
{
    private static OpenLoopOptions Options => new()
    {
        Run = "t1",
        Rate = 400,
        Length = TimeSpan.FromSeconds(0.5),
        WarmUp = TimeSpan.Zero,
        Arrivals = Arrivals.Constant,
        // Every conversion follows its click at once.
        Speed = 1e6,
    };

    [Fact]
    public async Task EveryRequestIsSentAndEveryBidResolved()
    {
        await using FakeService service = await StartAsync();
        OpenLoopResult result = await PlayAsync(service, Options);
        Assert.Equal(200, result.Due);
        Assert.Equal(200, result.Sent);
        Assert.Equal(200, result.RoundTrip.Count);
        Assert.Equal(200, result.Bids + result.NoBidReasons.Values.Sum());
        Assert.Empty(result.Failures);
        Assert.InRange(result.AchievedRate, 100, 420);
        Assert.True(result.Wins > 10);
        Assert.Equal(2 * result.Wins + result.Bids - result.Wins, result.Notices);
        Assert.Equal(service.Notices.Count, result.Notices);
        Assert.Equal(service.Ledgers.Values.Sum(l => l.SpentNanos), result.Campaigns.Sum(c => c.CostNanos));
        Assert.Equal(service.Ledgers.Values.Sum(l => l.Wins), result.Wins);
        Assert.All(service.Notices, notice => Assert.Contains(".t1-", notice, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConversionsFollowTheirClicks()
    {
        await using FakeService service = await StartAsync();
        OpenLoopResult result = await PlayAsync(service, Options with { Market = new MarketOptions { MeanValue = 0.3 } });
        Assert.True(result.Conversions > 5);
        Assert.Equal(0, result.ConversionsPending);
        Assert.Equal(result.Conversions, service.Conversions.Count);
        Assert.Equal(service.Ledgers.ToDictionary(l => l.Key, l => (long)l.Value.Conversions), Options.Market.Campaigns.Zip(result.Campaigns).ToDictionary(c => c.First.Id, c => c.Second.Conversions));
    }

    [Fact]
    public async Task ConversionsAfterTheRunAreNotSent()
    {
        await using FakeService service = await StartAsync();
        OpenLoopResult result = await PlayAsync(service, Options with { Market = new MarketOptions { MeanValue = 0.3 }, Speed = 1 });
        Assert.True(result.ConversionsPending > 5);
        Assert.Equal(result.Conversions, service.Conversions.Count);
    }

    [Fact]
    public async Task RefusedConversionsAreCounted()
    {
        await using FakeService service = await StartAsync();
        service.EventError = _ => "campaign: unknown";
        OpenLoopResult result = await PlayAsync(service, Options with { Market = new MarketOptions { MeanValue = 0.3 } });
        Assert.True(result.ConversionFailures["campaign: unknown"] > 5);
        Assert.Equal(0, result.Conversions);
    }

    [Fact]
    public async Task AStallIsSeenByEveryRequestThatWasDueInIt()
    {
        await using FakeService service = await StartAsync();
        using var never = new ManualResetEventSlim();
        // The service stands still for a fifth of a second; a closed loop would see it once.
        service.SpoilBid = (n, _) => n == 20 && never.Wait(TimeSpan.FromMilliseconds(200));
        OpenLoopResult result = await PlayAsync(service, Options with { Connections = 1 });
        Assert.Equal(200, result.Sent);
        Assert.True(result.Late > 40, $"{result.Late} late");
        Assert.True(result.WorstLateMs > 100);
        Assert.True(result.RoundTrip.MaxMs >= 195);
        Assert.True(result.RoundTrip.P90Ms > 50, $"p90 {result.RoundTrip.P90Ms} ms");
    }

    [Fact]
    public async Task SingleBrokenAnswersAreCountedAndPlayGoesOn()
    {
        await using FakeService service = await StartAsync();
        service.SpoilBid = (n, http) =>
        {
            if (n == 3) http.Abort();
            if (n == 4) http.Response.StatusCode = 500;
            return n is 3 or 4;
        };
        OpenLoopResult result = await PlayAsync(service, Options);
        Assert.Equal(2, result.Failures.Values.Sum());
        Assert.Equal(1, result.Failures["HTTP 500"]);
        Assert.Equal(200, result.Bids + result.NoBidReasons.Values.Sum() + 2);
    }

    [Fact]
    public async Task AServiceThatDiesEndsTheRun()
    {
        await using FakeService service = await StartAsync();
        service.SpoilBid = (n, http) =>
        {
            if (n >= 30) http.Abort();
            return n >= 30;
        };
        ServiceException e = await Assert.ThrowsAsync<ServiceException>(() => PlayAsync(service, Options with { Length = TimeSpan.FromMinutes(5) }));
        Assert.Matches("^the service has gone after [0-9]+ answers: POST /openrtb2/bid", e.Message);
    }

    [Fact]
    public async Task StopsWhenItIsCancelled()
    {
        await using FakeService service = await StartAsync();
        using var stop = new CancellationTokenSource();
        service.SpoilBid = (n, _) =>
        {
            if (n == 30) stop.Cancel();
            return false;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PlayAsync(service, Options with { Length = TimeSpan.FromMinutes(5) }, stop.Token));
    }

    private static async Task<FakeService> StartAsync()
    {
        FakeService service = await FakeService.StartAsync();
        foreach (MarketCampaign campaign in Options.Market.Campaigns) service.Ledgers[campaign.Id] = new FakeService.Ledger(campaign.DailyBudget);
        return service;
    }

    private static async Task<OpenLoopResult> PlayAsync(FakeService service, OpenLoopOptions options, CancellationToken cancellation = default)
    {
        using var client = new ServiceClient(service.Address);
        await using var sink = new HttpConversionSink(client);
        return await new OpenLoopExchange(options, client, cancellation).PlayAsync(sink, cancellation);
    }
}
