using AutoBid.Core.Campaigns;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Engine.Tests.Nodes.Model;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Nodes;

/// <summary>An owner that was taken for dead, applied what its bids were billed all the same, and had its commit refused. Loops turn when the test says.</summary>
public sealed class FencedOwnerTests : IAsyncLifetime
{
    private static readonly TimeSpan LongTime = TimeSpan.FromMinutes(3);

    private readonly ManualTimeProvider _time = new(Bench.Midnight.AddHours(10).AddSeconds(7));
    private readonly InMemoryCluster _cluster = new();
    private readonly InMemoryLedgerStore _store = new();
    private readonly PolicyMetrics _metrics = new();
    private readonly ModelNode _a;
    private readonly ModelNode _b;

    public FencedOwnerTests()
    {
        var options = new EngineOptions { Tick = TimeSpan.FromSeconds(30) };
        _a = new ModelNode(_cluster, _store, _time, "a/1", options, _metrics);
        _b = new ModelNode(_cluster, _store, _time, "b/1", options, _metrics);
    }

    public async ValueTask InitializeAsync()
    {
        await _a.StartAsync([Bench.Campaign()]);
        await _b.StartAsync([Bench.Campaign()]);
        await _a.Log.GiveAsync(0, 1, 2, 3);
        await TurnAsync(_a);
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        _metrics.Dispose();
    }

    [Fact]
    public async Task What_it_reads_before_the_log_takes_its_partitions_away_is_the_next_owners()
    {
        await _b.Log.GiveAsync(0, 1, 2, 3);
        await TurnAsync(_a, LongTime);
        Assert.Empty(_a.Engine.OwnedPartitions);
        await _a.Log.AppendAsync(new[] { Bench.Foreign("f", 123).Identified() }, default);
        // Ticks read what is in the log.
        await TurnAsync(_a, LongTime);
        await TurnAsync(_a, LongTime);
        await TurnAsync(_b);
        Assert.Equal(123, await SettledAsync());
        Assert.Equal(123, Assert.Single(_store.Adjustments).AmountNanos);
    }

    [Fact]
    public async Task Its_lease_is_not_closed_before_the_next_owner_has_settled_what_it_had_billed()
    {
        BidOffer bid = Bid();
        await FenceWithBillAsync(bid);
        // Not wanted any more, and no hold is open: it would be given back.
        for (int i = 0; i < 4; i++) await TurnAsync(_a, LongTime);
        await TurnAsync(_b);
        Assert.Equal(bid.PriceNanos, await SettledAsync());
        Assert.Empty(_store.Adjustments);
        for (int i = 0; i < 4; i++) await TurnAsync(_a, LongTime);
        Assert.Contains(bid.Held.LeaseId, _store.ClosedLeases);
    }

    [Fact]
    public async Task A_bill_that_it_had_applied_is_no_late_win_when_it_owns_the_campaign_again()
    {
        BidOffer bid = Bid();
        await FenceWithBillAsync(bid);
        await _a.Log.TakeAwayAsync(0, 1, 2, 3);
        await _a.Log.GiveAsync(0, 1, 2, 3);
        await TurnAsync(_a);
        await TurnAsync(_a, TimeSpan.FromSeconds(1));
        Assert.Equal(bid.PriceNanos, await SettledAsync());
        Assert.Empty(_store.Adjustments);
    }

    [Fact]
    public async Task Its_headroom_does_not_pay_twice_for_a_bill_that_it_applied_and_is_told_of()
    {
        BidOffer bid = Bid();
        Engine.Leases.LeaseView before = _a.Engine.Leases.Look(0);
        await FenceWithBillAsync(bid);
        await TurnAsync(_b);
        await TurnAsync(_a);
        Engine.Leases.LeaseView after = _a.Engine.Leases.Look(0);
        Assert.Equal(bid.PriceNanos, after.SettledNanos);
        Assert.Equal(before.HeadroomNanos + after.GrantedNanos - before.GrantedNanos, after.HeadroomNanos);
    }

    /// <summary>The next owner claims; the old one reads the bill, ends its hold, and is refused when it commits.</summary>
    private async Task FenceWithBillAsync(BidOffer bid)
    {
        await _b.Log.GiveAsync(0, 1, 2, 3);
        await _a.Log.AppendAsync(
            new[] { (Bench.Bill(bid.Held.LeaseId, bid.Held.Seq, bid.PriceNanos) with { TimeTicks = _a.Engine.NowTicks, OriginTicks = _a.Engine.NowTicks }).Identified() }, default);
        await TurnAsync(_a);
        Assert.Empty(_a.Engine.OwnedPartitions);
    }

    private BidOffer Bid()
    {
        BidOffer offer = _a.Engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), _a.Engine.Now, TimeSpan.FromMinutes(30).Ticks);
        Assert.True(offer.IsBid, $"{offer.Reasons}");
        return offer;
    }

    private async Task TurnAsync(ModelNode node, TimeSpan? after = null)
    {
        _time.Advance(after ?? TimeSpan.FromMilliseconds(200));
        await node.Engine.RoundAsync(default);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        await node.Engine.RoundAsync(default);
    }

    private async Task<long> SettledAsync() => (await _store.BudgetsAsync("t1", "c1", default))[0].SettledNanos;
}
