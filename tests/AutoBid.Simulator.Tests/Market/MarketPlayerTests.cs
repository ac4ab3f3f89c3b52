using AutoBid.Simulator.Market;

namespace AutoBid.Simulator.Tests.Market;

public sealed class MarketPlayerTests
{
    private static readonly MarketPlayOptions Options = new() { Market = new MarketOptions { RequestsPerStep = 80 }, Seed = 5, Steps = 6 };

    [Fact]
    public async Task Every_bid_has_its_notice_before_the_next_request_and_the_clock_comes_last()
    {
        var bidder = new ScriptedBidder(Truthful);
        MarketResult result = await PlayAsync(bidder, Options);
        Assert.Equal("clock", bidder.Told[0]);
        Assert.Equal("clock", bidder.Told[^1]);
        for (int i = 0; i < bidder.Told.Count; i++)
        {
            if (bidder.Told[i].StartsWith("bid ", StringComparison.Ordinal)) Assert.Contains(bidder.Told[i + 1], (string[])[bidder.Told[i].Replace("bid", "won"), bidder.Told[i].Replace("bid", "lost")]);
            if (bidder.Told[i].StartsWith("convert", StringComparison.Ordinal)) Assert.Matches("^(clock|convert)", bidder.Told[i + 1]);
        }

        Assert.Equal(result.Requests, result.Bids);
        Assert.Equal(result.Wins, bidder.Told.Count(told => told.StartsWith("won ", StringComparison.Ordinal)));
        Assert.Equal(1 + 18, bidder.Clock.Count);
        // Five of the six steps end on their instant; the last one an instant before, so that the day stays open.
        Assert.Equal(18, result.Ticks);
        Assert.Equal(Options.DayStart.AddHours(3).AddTicks(-1), bidder.Clock[^1]);
        Assert.Equal(3 * 19, result.Applied);
        Assert.Equal("h19", result.DecisionsHash);
    }

    [Fact]
    public async Task Conversions_are_told_at_the_tick_after_their_arrival()
    {
        var arrivals = new List<(DateTime Clock, DateTime Arrival)>();
        ScriptedBidder bidder = null!;
        bidder = new ScriptedBidder(Truthful)
        {
            Refuse = conversions =>
            {
                foreach (var conversion in conversions.Span) arrivals.Add((bidder.Clock[^1], new DateTime(conversion.TimeTicks, DateTimeKind.Utc)));
                return [];
            },
        };
        MarketResult result = await PlayAsync(bidder, Options with { Market = new MarketOptions { RequestsPerStep = 80, MeanValue = 0.2 } });
        Assert.True(arrivals.Count > 20);
        Assert.All(arrivals, told => Assert.InRange(told.Arrival, told.Clock, told.Clock + Options.Tick));
        Assert.Equal(arrivals.Count, result.Conversions);
        Assert.Equal(result.Campaigns.Sum(c => c.ConversionValueMicros), bidder.Conversions.Sum(c => c.ValueMicros));
        Assert.All(bidder.Conversions, c => Assert.StartsWith("c-20260105-", c.Auction, StringComparison.Ordinal));
        Assert.All(bidder.Conversions, c => Assert.True(c.OriginTicks < c.TimeTicks));
        Assert.Equal(bidder.Conversions.Count, bidder.Conversions.Select(c => c.Auction).Distinct().Count());
    }

    [Fact]
    public async Task Answers_that_are_no_bids_are_counted_by_reason()
    {
        var bidder = new ScriptedBidder(o => (o.Index % 4) switch
        {
            0 => MarketAnswer.NoBid("503"),
            1 => MarketAnswer.Failed("HTTP 500"),
            2 => MarketAnswer.Bid(Stranger(o), 1_000_000),
            _ => Truthful(o),
        });
        MarketResult result = await PlayAsync(bidder, Options);
        Assert.Equal(result.NoBids, result.NoBidReasons["503"]);
        Assert.True(result.BidFailures["HTTP 500"] > 10);
        Assert.True(result.BidFailures["a bid of a campaign that was no candidate"] > 10);
        Assert.Equal(result.Requests, result.Bids + result.NoBids + result.BidFailures.Values.Sum());
    }

    [Fact]
    public async Task Refused_conversions_are_counted_by_reason()
    {
        var bidder = new ScriptedBidder(Truthful) { Refuse = conversions => [.. Enumerable.Repeat("campaign: unknown", conversions.Length)] };
        MarketResult result = await PlayAsync(bidder, Options with { Market = new MarketOptions { RequestsPerStep = 80, MeanValue = 0.2 } });
        Assert.Equal(result.Conversions, result.EventFailures["campaign: unknown"]);
    }

    [Fact]
    public async Task A_cancelled_play_ends()
    {
        using var stop = new CancellationTokenSource();
        var bidder = new ScriptedBidder(o =>
        {
            if (o.Index == 10) stop.Cancel();
            return Truthful(o);
        });
        await Assert.ThrowsAsync<OperationCanceledException>(() => new MarketPlayer(Options).PlayAsync(bidder, null, stop.Token));
        Assert.Equal("won 10", bidder.Told[^1].Replace("lost", "won"));
    }

    [Fact]
    public async Task Every_step_is_reported()
    {
        var steps = new List<MarketProgress>();
        MarketResult result = await new MarketPlayer(Options).PlayAsync(
            new ScriptedBidder(Truthful),
            progress =>
            {
                steps.Add(progress);
                return ValueTask.CompletedTask;
            },
            CancellationToken.None);
        Assert.Equal([1, 2, 3, 4, 5, 6], steps.Select(progress => progress.Step));
        Assert.Equal((result.Requests, result.Wins), (steps[^1].Requests, steps[^1].Wins));
    }

    private static Task<MarketResult> PlayAsync(ScriptedBidder bidder, MarketPlayOptions options) => new MarketPlayer(options).PlayAsync(bidder, null, CancellationToken.None);

    private static MarketAnswer Truthful(MarketOpportunity opportunity)
    {
        (int campaign, long best) = (opportunity.Candidates[0].Campaign, 1_000);
        foreach (MarketCandidate candidate in opportunity.Candidates)
        {
            long nanos = (long)(candidate.Value * Options.Market.Campaigns[candidate.Campaign].ReferencePrice * 1e9);
            if (candidate.ValueE9 > 0 && nanos > best) (campaign, best) = (candidate.Campaign, nanos);
        }

        return MarketAnswer.Bid(opportunity.Asks(campaign) ? campaign : Asked(opportunity), best);
    }

    private static int Asked(MarketOpportunity opportunity) => opportunity.Candidates.ToArray().First(c => c.ValueE9 > 0).Campaign;

    private static int Stranger(MarketOpportunity opportunity)
    {
        int[] asked = [.. opportunity.Candidates.ToArray().Where(c => c.ValueE9 > 0).Select(c => c.Campaign)];
        return Enumerable.Range(0, 9).First(campaign => !asked.Contains(campaign));
    }
}
