using AutoBid.Core.Campaigns;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Nodes;

/// <summary>Two live engines on one log and one store; the test deals the partitions out.</summary>
public sealed class ClusterTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new(Bench.Midnight.AddHours(10).AddSeconds(7));
    private readonly InMemoryCluster _cluster = new();
    private readonly InMemoryLedgerStore _store = new();
    private readonly ClusterNode _a;
    private readonly ClusterNode _b;
    private readonly int _partition;

    public ClusterTests()
    {
        _a = new ClusterNode(_cluster, _store, _time, "a/1");
        _b = new ClusterNode(_cluster, _store, _time, "b/1");
        _partition = _cluster.PartitionOf("c1");
    }

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task A_node_bids_for_a_campaign_that_another_one_decides_and_its_money_settles_under_its_own_lease()
    {
        await StartAsync();
        BidOffer offer = await _b.UntilBidAsync();
        Assert.False(_b.Engine.Keeps(0));
        LeaseLook before = LeaseOf(_b);
        await _b.BillAsync(offer);
        await _a.UntilAsync(async () => await _a.SpentAsync() == offer.PriceNanos, "the owner's spend");
        await _a.UntilAsync(async () => await SettledAsync() == offer.PriceNanos, "the commit");
        Assert.Empty(_store.Adjustments);

        // The bidding node hears of it and ends the hold: nothing of it returns to headroom.
        await _b.UntilAsync(() => LeaseOf(_b).Settled == offer.PriceNanos, "the outcome");
        Assert.Equal(before.Headroom, LeaseOf(_b).Headroom);
        Assert.NotEqual(LeaseOf(_a).Id, LeaseOf(_b).Id);
    }

    [Fact]
    public async Task Settings_that_cannot_be_read_end_the_start_and_are_not_waited_for_with_claims()
    {
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _a.Engine.StartAsync(Unreadable(), default));
        var owner = (IPartitionOwner)_a.Engine;
        // Each further claim would raise the epoch, of partitions that nobody can decide for.
        await Assert.ThrowsAsync<StoreUnavailableException>(() => owner.TakeAsync([_partition], static _ => default, default).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        await _a.Engine.DisposeAsync();

        static async IAsyncEnumerable<Campaign> Unreadable()
        {
            await Task.Yield();
            yield return Bench.Campaign();
            throw new StoreUnavailableException("the database is gone", new TimeoutException());
        }
    }

    [Fact]
    public async Task A_partition_moves_and_its_campaigns_go_on_where_they_were()
    {
        await StartAsync();
        BidOffer first = await _a.UntilBidAsync();
        await _a.BillAsync(first);
        await _a.UntilAsync(async () => await _a.SpentAsync() == first.PriceNanos, "the bill");
        long version = _cluster.Published[^1].Decision.Version;

        await _a.Log.TakeAwayAsync(0, 1, 2, 3);
        await _b.Log.GiveAsync(0, 1, 2, 3);
        Assert.Equal(first.PriceNanos, await _b.SpentAsync());
        await _b.UntilAsync(() => _cluster.Published.ToArray().Any(one => one.Node == "b/1"), "a decision of the new owner");
        Assert.All(_cluster.Published.ToArray().Where(one => one.Node == "b/1"), one => Assert.True(one.Decision.Version > version));

        // The old owner still bids, and its bills go on under its lease.
        BidOffer second = await _a.UntilBidAsync();
        await _a.BillAsync(second);
        await _b.UntilAsync(async () => await _b.SpentAsync() == first.PriceNanos + second.PriceNanos, "both bills");
        await _b.UntilAsync(async () => await SettledAsync() == first.PriceNanos + second.PriceNanos, "their commit");
        Assert.Empty(_store.Adjustments);
    }

    [Fact]
    public async Task An_owner_that_missed_its_loss_commits_nothing_and_what_it_applied_is_counted_once()
    {
        await StartAsync();
        // The group gave the partition away while this node was stopped; nobody told it.
        await _b.Log.GiveAsync(0, 1, 2, 3);
        await _a.Log.AppendAsync(new[] { Bench.Foreign("f", 123).Identified() }, default);
        await _b.UntilAsync(async () => await SettledAsync() == 123, "the new owner's commit");
        await _a.UntilAsync(() => _a.Engine.OwnedPartitions.Count == 0, "the old owner's giving up");
        _time.Advance(TimeSpan.FromMilliseconds(200));
        await _a.UntilAsync(() => true, "");
        Assert.Equal(123, await SettledAsync());
        Assert.Equal(123, Assert.Single(_store.Adjustments).AmountNanos);
        // It bids on with its lease meanwhile, and can own again.
        await _a.UntilBidAsync();
        await _b.Log.TakeAwayAsync(0, 1, 2, 3);
        await _a.Log.TakeAwayAsync(0, 1, 2, 3);
        await _a.Log.GiveAsync(0, 1, 2, 3);
        Assert.Equal(123, await _a.SpentAsync());
    }

    [Fact]
    public async Task A_fenced_node_leaves_alone_what_its_log_still_hands_over()
    {
        await StartAsync();
        await _b.Log.GiveAsync(0, 1, 2, 3);
        await _a.Log.AppendAsync(new[] { Bench.Foreign("f", 100).Identified() }, default);
        await _a.UntilAsync(() => _a.Engine.OwnedPartitions.Count == 0, "the old owner's giving up");
        // Ticks of a node that decides nothing, with a log whose group has not heard of it.
        for (int i = 0; i < 5; i++)
        {
            await _a.Log.AppendAsync(new[] { Bench.Foreign($"g{i}", 1).Identified() }, default);
            _time.Advance(TimeSpan.FromMinutes(1));
            await BothBeatAsync();
            await _a.UntilBidAsync();
        }

        await _b.UntilAsync(async () => await SettledAsync() == 105, "the new owner's commits");
        Assert.Equal(6, _store.Adjustments.Count);
    }

    [Fact]
    public async Task A_new_owner_closes_the_steps_of_a_backlog_by_the_time_of_its_events()
    {
        await StartAsync();
        await _a.UntilBidAsync();
        await _a.Log.TakeAwayAsync(0, 1, 2, 3);
        // For two hours nobody owns the partition: a foreign bid every ten minutes.
        for (int i = 0; i < 12; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(10));
            long now = _time.GetUtcNow().UtcTicks;
            await _a.Log.AppendAsync(new[] { (Bench.Foreign($"f{i}", 100) with { OriginTicks = now, TimeTicks = now }).Identified() }, default);
        }

        await _b.Log.GiveAsync(0, 1, 2, 3);
        await _b.UntilAsync(async () => await _b.SpentAsync() == 1200, "the backlog");
        await _b.UntilAsync(() => _cluster.Published.ToArray().Any(one => one.Node == "b/1"), "a decision");
        CampaignRows rows = await RowsAsync(_b);
        // 10:07 + 10 min ... + 120 min: two, then three a half hour.
        Assert.Equal([2, 3, 3, 3, 1], rows.BillsPerStep[20..]);
        Assert.Equal(0, rows.Late);
    }

    [Fact]
    public async Task A_step_waits_for_the_statistics_of_the_other_nodes_and_closes_partial_without_them()
    {
        await StartAsync();
        await _b.UntilBidAsync();
        DateTimeOffset end = Bench.Midnight.AddHours(10.5);
        _time.Advance(end.AddSeconds(-15) - _time.GetUtcNow());
        await BothBeatAsync();
        await _a.UntilAsync(() => _a.Engine.LiveNodes == 2, "the other node's sign of life");
        // The other node's log is down: its counts cannot arrive.
        _b.Log.IsDown = true;
        _b.Bid();
        while (_time.GetUtcNow() < end.AddMilliseconds(100))
        {
            _time.Advance(TimeSpan.FromMilliseconds(Math.Min(500, (end.AddMilliseconds(101) - _time.GetUtcNow()).TotalMilliseconds)));
            await BothBeatAsync();
        }

        await _a.UntilAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(20));
                return (await RowsAsync(_a)).Closed == 21;
            },
            "the grace's end");
        Assert.InRange(_time.GetUtcNow(), Bench.Midnight.AddHours(10.5).AddSeconds(2), Bench.Midnight.AddHours(10.5).AddSeconds(30));
        Assert.True((await RowsAsync(_a)).IsLastPartial);
    }

    [Fact]
    public async Task A_store_that_is_gone_stops_grants_and_commits_only_and_nothing_is_lost_when_it_returns()
    {
        await StartAsync();
        BidOffer offer = await _a.UntilBidAsync();
        _store.IsDown = true;
        await _a.BillAsync(offer);
        await _a.UntilAsync(async () => await _a.SpentAsync() == offer.PriceNanos, "the bill in memory");
        int decided = _cluster.Published.Count;
        _time.Advance(TimeSpan.FromMinutes(1));
        await _a.UntilAsync(() => _cluster.Published.ToArray().Length > decided, "a decision without the store");
        Assert.NotNull(_a.Engine.StoreOutage);
        Assert.Equal(0, await SettledAsync());
        // Bids go on from the lease until it ends.
        int bids = 0;
        while (_a.Bid().IsBid) bids++;
        Assert.Equal(Core.Guarding.GuardReasons.Lease, _a.Bid().Reasons & Core.Guarding.GuardReasons.Lease);

        _store.IsDown = false;
        await _a.UntilAsync(async () => await SettledAsync() == offer.PriceNanos, "the commit");
        await _a.UntilBidAsync();
        Assert.Null(_a.Engine.StoreOutage);
        Assert.Empty(_store.Adjustments);
    }

    [Fact]
    public async Task A_log_that_is_gone_stops_neither_decisions_nor_bids()
    {
        await StartAsync();
        await _a.UntilBidAsync();
        int commits = _store.Commits;
        _a.Log.IsDown = true;
        _time.Advance(TimeSpan.FromMinutes(1));
        await _a.UntilAsync(() => _store.Commits > commits, "a tick without the log");
        Assert.True((await _a.UntilBidAsync()).IsBid);
        int published = _cluster.Published.Count;
        _a.Log.IsDown = false;
        _time.Advance(TimeSpan.FromMinutes(1));
        await _a.UntilAsync(() => _cluster.Published.ToArray().Length > published, "a published decision");
        // What was counted while it was gone arrives now.
        await _a.UntilAsync(async () => (await RowsAsync(_a)).Impressions > 0, "the statistics");
    }

    [Fact]
    public async Task A_campaign_paused_at_its_owner_stops_everywhere()
    {
        await StartAsync();
        await _b.UntilBidAsync();
        Campaign paused = Bench.Campaign() with { Status = CampaignStatus.Paused, Version = 2 };
        await _a.Log.AppendAsync(
            new[] { new Events.EngineEvent { Kind = Events.EventKind.Campaign, TenantId = "t1", CampaignId = "c1", Settings = paused, TimeTicks = _a.Engine.NowTicks }.Identified() },
            default);
        _time.Advance(TimeSpan.FromMinutes(1));
        foreach (ClusterNode node in new[] { _a, _b })
            await node.UntilAsync(() => (node.Bid().Reasons & Core.Guarding.GuardReasons.Paused) != 0, $"silence of {node.Log.Node}");
    }

    /// <summary>Time passes until each node has given a sign of life no older than this second.</summary>
    private async Task BothBeatAsync()
    {
        long fresh = _time.GetUtcNow().UtcTicks - TimeSpan.FromSeconds(1.5).Ticks;
        await _a.UntilAsync(() => _store.LastBeatOf("a/1") > fresh && _store.LastBeatOf("b/1") > fresh, "fresh signs of life");
    }

    private async Task StartAsync()
    {
        await _a.StartAsync();
        await _b.StartAsync();
        await _a.Log.GiveAsync(0, 1, 2, 3);
        await _a.UntilBidAsync();
    }

    private async Task<long> SettledAsync() => (await _store.BudgetsAsync("t1", "c1", default))[0].SettledNanos;

    private static LeaseLook LeaseOf(ClusterNode node)
    {
        Engine.Leases.LeaseView view = node.Engine.Leases.Look(0);
        return new LeaseLook(view.LeaseId, view.HeadroomNanos, view.SettledNanos);
    }

    private static async Task<CampaignRows> RowsAsync(ClusterNode node)
    {
        Engine.Campaigns.CampaignStatusView look = (await node.Engine.LookAsync("t1", "c1", default))!;
        Core.Trajectories.StepRow[] rows = [.. look.Rows];
        // The last row is the running one.
        return new CampaignRows(
            rows.Length - 1, [.. rows.Select(row => (int)Math.Round(row.Cost / 1e-7))], (int)Math.Round(rows.Sum(row => row.LateCost) / 1e-7), rows[^2].Partial > 0,
            (long)rows.Sum(row => row.Impressions));
    }

    private sealed record LeaseLook(long Id, long Headroom, long Settled);

    private sealed record CampaignRows(int Closed, int[] BillsPerStep, int Late, bool IsLastPartial, long Impressions);
}
