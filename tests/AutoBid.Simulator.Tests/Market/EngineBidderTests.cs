using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Events;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Mpc;
using AutoBid.Simulator.Market;

namespace AutoBid.Simulator.Tests.Market;

public sealed class EngineBidderTests
{
    private static readonly MarketPlayOptions Options = new() { Market = new MarketOptions { RequestsPerStep = 150 }, Seed = 2, Steps = 28 };

    [Fact]
    public async Task The_ledger_agrees_with_the_exchange_and_a_day_repeats_itself()
    {
        (MarketResult first, long[] spent, MemoryEventLog log) = await PlayAsync(Options, budgetFactor: 1);
        (MarketResult second, _, _) = await PlayAsync(Options, budgetFactor: 1);
        (MarketResult other, _, _) = await PlayAsync(Options with { Seed = 3 }, budgetFactor: 1);
        Assert.Equal(first.Campaigns.Select(c => c.CostNanos), spent);
        Assert.True(first.Wins > 50);
        Assert.Equal(first.DecisionsHash, second.DecisionsHash);
        Assert.NotEqual(first.DecisionsHash, other.DecisionsHash);
        Assert.Empty(log.Rejected);
    }

    [Fact]
    public async Task A_budget_that_is_used_up_stops_the_bids_below_it()
    {
        (MarketResult result, long[] spent, _) = await PlayAsync(Options, budgetFactor: 0.004m);
        for (int c = 0; c < spent.Length; c++) Assert.InRange(spent[c], 0, Budget(c, 0.004m));
        Assert.Contains(spent, (nanos) => nanos > 0);
        Assert.True(result.NoBidReasons.Values.Sum() > result.Requests / 10, "tight budgets refused nothing");
    }

    [Fact]
    public async Task A_campaign_that_was_never_handed_over_is_an_error()
    {
        await using AutoBidEngine engine = Engine(out MemoryEventLog log);
        await engine.StartAsync(AsyncEnumerable.Empty<Campaign>(), CancellationToken.None);
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => new MarketPlayer(Options).PlayAsync(Bidder(engine, log), null, CancellationToken.None));
        Assert.Contains("was never handed to the engine", e.Message, StringComparison.Ordinal);
    }

    private static async Task<(MarketResult Result, long[] Spent, MemoryEventLog Log)> PlayAsync(MarketPlayOptions options, decimal budgetFactor)
    {
        await using AutoBidEngine engine = Engine(out MemoryEventLog log);
        await engine.StartAsync(AsyncEnumerable.Empty<Campaign>(), CancellationToken.None);
        EngineBidder bidder = Bidder(engine, log);
        for (int c = 0; c < options.Market.Campaigns.Count; c++)
        {
            MarketCampaign campaign = options.Market.Campaigns[c];
            await bidder.AddAsync(new Campaign
            {
                Id = campaign.Id,
                TenantId = "default",
                Objective = campaign.Objective,
                DailyBudgetNanos = Budget(c, budgetFactor),
                Target = campaign.Target,
                Reference = campaign.Reference,
                Policy = "mpc",
            });
        }

        MarketResult result = await new MarketPlayer(options).PlayAsync(bidder, null, CancellationToken.None);
        var spent = new long[options.Market.Campaigns.Count];
        for (int c = 0; c < spent.Length; c++) spent[c] = (await engine.LookAsync("default", options.Market.Campaigns[c].Id, CancellationToken.None))!.SpentNanos;
        return (result, spent, log);
    }

    private static long Budget(int campaign, decimal factor) => (long)(Options.Market.Campaigns[campaign].DailyBudget * factor * Nanos.PerUnit);

    private static AutoBidEngine Engine(out MemoryEventLog log)
    {
        log = new MemoryEventLog();
        var clocks = new EngineClocks(new VirtualTime(new DateTimeOffset(Options.DayStart)), TimeProvider.System, Deterministic: true);
        var catalog = new PolicyCatalog([new MpcPolicy()], null, clocks.Monotonic);
        return new AutoBidEngine(new EngineOptions { Tick = Options.Tick }, clocks, log, new MemoryLedgerStore(), new DecisionChain(catalog, new PolicyMetrics()), Identify);
    }

    private static EngineBidder Bidder(AutoBidEngine engine, MemoryEventLog log)
        => new(engine, log, new EngineBidderOptions { Play = Options, Identify = Identify, NameOf = reasons => reasons.ToString() });

    // Any rule that keeps events apart will do here; the service's own is played in the parity test.
    private static EventIdentity Identify(EngineEvent e)
        => new((ulong)(e.Kind + 1) << 56 | (ulong)e.Lease << 24 | (uint)e.Seq, (ulong)e.TimeTicks ^ (ulong)StringComparer.Ordinal.GetHashCode(e.CampaignId + e.Auction));
}
