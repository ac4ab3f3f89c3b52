using System.Globalization;
using AutoBid.Cli.Exchange;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Market;
using Microsoft.AspNetCore.Http;

namespace AutoBid.Cli.Tests.Exchange;

/// <summary>The market player over HTTP, against a service that fails where a test wants it to.</summary>
public sealed class HttpMarketTests
{
    private static readonly MarketOptions Market = new() { RequestsPerStep = 60 };

    private static MarketPlayOptions Options => new() { Market = Market, Seed = 7, Steps = 2, Tick = TimeSpan.FromMinutes(10) };

    [Fact]
    public async Task PlaysADayAsTheMarketInProcessDoes()
    {
        await using FakeService service = await StartAsync();
        (MarketResult result, _) = await PlayAsync(service, Options);

        // The same truthful bidder in process, in nanos.
        var day = new MarketDay(7, Market);
        MarketOpportunity opportunity = default;
        long wins = 0, cost = 0, requests = 0;
        while (day.TryNext(ref opportunity) && opportunity.Step < 2)
        {
            (int campaign, long bid) = (-1, 0);
            foreach (MarketCandidate candidate in opportunity.Candidates)
            {
                long nanos = (long)(candidate.Value * Market.Campaigns[candidate.Campaign].ReferencePrice * 1e9);
                if (nanos > bid) (campaign, bid) = (candidate.Campaign, nanos);
            }

            if (opportunity.Candidates.ToArray().Any(c => c.ValueE9 > 0)) requests++;
            if (bid < 1_000) continue;
            MarketOutcome outcome = day.Resolve(opportunity, campaign, bid);
            if (outcome.Won) (wins, cost) = (wins + 1, cost + outcome.PriceNanos);
        }

        Assert.Equal(requests, result.Requests);
        Assert.Equal(wins, result.Wins);
        Assert.Equal(cost, result.Campaigns.Sum(c => c.CostNanos));
        Assert.Equal(cost, service.Ledgers.Values.Sum(l => l.SpentNanos));
        Assert.True(wins > 10);
    }

    [Fact]
    public async Task SendsOneNoticeForEachChannelOfABid()
    {
        await using FakeService service = await StartAsync();
        (MarketResult result, ExchangeTransport transport) = await PlayAsync(service, Options);
        Assert.Equal(result.Wins, service.Notices.Count(n => n.StartsWith("win ", StringComparison.Ordinal)));
        Assert.Equal(result.Wins, service.Notices.Count(n => n.StartsWith("bill ", StringComparison.Ordinal)));
        Assert.Equal(result.Bids - result.Wins, service.Notices.Count(n => n.StartsWith("loss ", StringComparison.Ordinal)));
        Assert.Equal(service.Notices.Count, transport.Notices);
        Assert.All(service.Notices.Where(n => n.StartsWith("bill ", StringComparison.Ordinal)), n => Assert.EndsWith("l=0", n[..n.IndexOf(" m=", StringComparison.Ordinal)], StringComparison.Ordinal));
        Assert.All(service.Notices, n => Assert.DoesNotContain("${", n, StringComparison.Ordinal));
        Assert.All(service.Notices, n => Assert.Contains(" c=USD ", n, StringComparison.Ordinal));
    }

    [Fact]
    public async Task KeepsOneBidInFlightAndMovesTheClockAtEveryTick()
    {
        await using FakeService service = await StartAsync();
        (MarketResult result, _) = await PlayAsync(service, Options);
        Assert.Equal(1, service.MostBidsInFlight);
        Assert.Equal(
            ["2026-01-05T00:00:00Z", "2026-01-05T00:10:00Z", "2026-01-05T00:20:00Z", "2026-01-05T00:30:00Z", "2026-01-05T00:40:00Z", "2026-01-05T00:50:00Z", "2026-01-05T00:59:59.9999999Z"],
            service.ClockCalls);
        Assert.Equal(6, result.Ticks);
        Assert.Equal("h7", result.DecisionsHash);
    }

    [Fact]
    public async Task AwaitsEveryNoticeBeforeTheClockMoves()
    {
        await using FakeService service = await StartAsync();
        // Every notice is refused once, so that acknowledgements come late.
        service.NoticeStatus = (_, earlier) => earlier == 0 ? 503 : 200;
        (_, ExchangeTransport transport) = await PlayAsync(service, Options);
        Assert.Equal(transport.Notices, service.NoticesAtClock[^1]);
        Assert.Equal(transport.Notices, transport.NoticeRetries);
        Assert.Empty(transport.NoticeFailures);
    }

    [Fact]
    public async Task PostsConversionsBetweenTheClockCallsAroundTheirArrival()
    {
        await using FakeService service = await StartAsync();
        (MarketResult result, _) = await PlayAsync(service, Options with { Steps = 6 });
        Assert.True(result.Conversions > 0);
        Assert.Equal(result.Conversions, service.Conversions.Count);
        Assert.All(service.Conversions, c => Assert.InRange(c.Arrival, c.Clock, c.Clock + TimeSpan.FromMinutes(10)));
    }

    [Fact]
    public async Task RepeatsItself()
    {
        await using FakeService first = await StartAsync();
        await using FakeService second = await StartAsync();
        await PlayAsync(first, Options);
        await PlayAsync(second, Options);
        string[] Sorted(FakeService service) => [.. service.Notices.Order(StringComparer.Ordinal)];
        Assert.Equal(Sorted(first), Sorted(second));
        Assert.Equal(first.Conversions, second.Conversions);
    }

    [Fact]
    public async Task PaysItsBidInAFirstPriceAuction()
    {
        await using FakeService service = await StartAsync();
        (MarketResult first, _) = await PlayAsync(service, Options with { Market = Market with { Pricing = AuctionPricing.FirstPrice } });
        await using FakeService other = await StartAsync();
        (MarketResult second, _) = await PlayAsync(other, Options);
        Assert.Equal(first.Wins, second.Wins);
        Assert.True(first.Campaigns.Sum(c => c.CostNanos) > second.Campaigns.Sum(c => c.CostNanos));
    }

    [Fact]
    public async Task CountsAnswersThatAreNoBids()
    {
        await using FakeService service = await StartAsync();
        service.SpoilBid = (n, http) =>
        {
            http.Response.StatusCode = n switch { 0 => 500, 1 => 400, 2 => 204, _ => 200 };
            if (n == 3) http.Response.WriteAsync("not json").GetAwaiter().GetResult();
            return n <= 3;
        };
        (MarketResult result, _) = await PlayAsync(service, Options);
        Assert.Equal(1, result.BidFailures["HTTP 500"]);
        Assert.Equal(1, result.BidFailures["HTTP 400"]);
        Assert.Equal(1, result.BidFailures["not readable as a bid response"]);
        Assert.True(result.NoBidReasons["204"] >= 1);
        Assert.Equal(result.Requests, result.Bids + result.NoBids + 3);
    }

    [Fact]
    public async Task GivesUpANoticeThatIsRefusedAndReportsIt()
    {
        await using FakeService service = await StartAsync();
        service.NoticeStatus = (kind, _) => kind == "loss" ? 400 : 200;
        (MarketResult result, ExchangeTransport transport) = await PlayAsync(service, Options);
        Assert.Equal(result.Bids - result.Wins, transport.NoticeFailures["HTTP 400"]);
        Assert.Equal(0, transport.NoticeRetries);
    }

    [Fact]
    public async Task ReportsConversionsThatAreRefused()
    {
        await using FakeService service = await StartAsync();
        service.EventError = _ => "campaign: unknown";
        (MarketResult result, _) = await PlayAsync(service, Options with { Steps = 6 });
        Assert.Equal(result.Conversions, result.EventFailures["campaign: unknown"]);
    }

    [Fact]
    public async Task AServiceThatIsGoneIsOneLine()
    {
        FakeService service = await StartAsync();
        Uri address = service.Address;
        await service.DisposeAsync();
        using var client = new ServiceClient(address);
        ServiceException e = await Assert.ThrowsAsync<ServiceException>(() => PlayAsync(client, Options, null, CancellationToken.None));
        Assert.Contains("/v1/clock", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public async Task AServiceThatDiesBetweenRequestsIsAnError()
    {
        await using FakeService service = await StartAsync();
        service.SpoilBid = (n, http) =>
        {
            if (n == 5) http.Abort();
            return n == 5;
        };
        await Assert.ThrowsAsync<ServiceException>(() => PlayAsync(service, Options));
    }

    [Fact]
    public async Task StopsWhenItIsCancelled()
    {
        await using FakeService service = await StartAsync();
        using var stop = new CancellationTokenSource();
        service.SpoilBid = (n, _) =>
        {
            if (n == 20) stop.Cancel();
            return false;
        };
        using var client = new ServiceClient(service.Address);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => PlayAsync(client, Options, null, stop.Token));
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(49, 10)]
    [InlineData(48, 7)]
    public void RefusesADayItCannotPlay(int steps, int minutes)
    {
        Assert.ThrowsAny<ArgumentException>(() => new MarketPlayer(Options with { Steps = steps, Tick = TimeSpan.FromMinutes(minutes) }));
    }

    [Fact]
    public async Task ReportsEveryStep()
    {
        await using FakeService service = await StartAsync();
        using var client = new ServiceClient(service.Address);
        var seen = new List<string>();
        await PlayAsync(
            client,
            Options,
            progress =>
            {
                seen.Add(string.Create(CultureInfo.InvariantCulture, $"{progress.Step}/{progress.Steps}"));
                return ValueTask.CompletedTask;
            },
            CancellationToken.None);
        Assert.Equal(["1/2", "2/2"], seen);
    }

    private static async Task<FakeService> StartAsync()
    {
        FakeService service = await FakeService.StartAsync();
        foreach (MarketCampaign campaign in Market.Campaigns) service.Ledgers[campaign.Id] = new FakeService.Ledger(campaign.DailyBudget);
        return service;
    }

    private static async Task<(MarketResult Result, ExchangeTransport Transport)> PlayAsync(FakeService service, MarketPlayOptions options)
    {
        using var client = new ServiceClient(service.Address);
        return await PlayAsync(client, options, null, CancellationToken.None);
    }

    private static async Task<(MarketResult Result, ExchangeTransport Transport)> PlayAsync(
        ServiceClient client, MarketPlayOptions options, Func<MarketProgress, ValueTask>? onStep, CancellationToken cancellation)
    {
        await using var market = new HttpMarket(client, options, cancellation);
        MarketResult result = await new MarketPlayer(options).PlayAsync(market.Bidder, onStep, cancellation);
        return (result, market.Transport);
    }
}
