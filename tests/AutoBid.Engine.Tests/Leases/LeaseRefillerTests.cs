using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Leases;

public sealed class LeaseRefillerTests : IDisposable
{
    private const long Budget = 100_000_000_000;

    private readonly Bench _bench = new(new EngineOptions { Tick = TimeSpan.FromMinutes(1), Nodes = 2 });

    public void Dispose() => _bench.Dispose();

    private static EngineInstant Now(double hours = 10) => EngineInstant.Of(Bench.At(hours));

    private LeaseRefiller Live() => new(_bench.Book, _bench.Leases, _bench.Counters, _bench.Store, _bench.Options, new NothingUncommitted(), deterministic: false);

    private async Task<int> Open(Campaign campaign, double hours = 10, LeaseRefiller? refiller = null)
    {
        int c = _bench.Open(campaign, hours);
        await (refiller ?? _bench.Refiller).SetBudgetsAsync(default);
        return c;
    }

    private ValueTask<int> Refill(double hours = 10) => _bench.Refiller.RefillAsync(Now(hours), default);

    private void Bid(int c, int bids, long price)
    {
        for (int i = 0; i < bids; i++) _bench.Counters.CountBid(c, 1, price);
    }

    /// <summary>Takes all headroom; a bid that did so would have crossed the mark.</summary>
    private long Take(int c)
    {
        long headroom = Lease(c).HeadroomNanos;
        Assert.True(_bench.Leases.TryTake(Lease(c).LeaseId, headroom));
        return headroom;
    }

    private LeaseView Lease(int c) => _bench.Leases.Look(c);

    [Fact]
    public async Task Nothing_is_asked_before_the_store_knows_the_budget_or_the_day_has_begun()
    {
        int c = _bench.Open(Bench.Campaign(), 10);
        int d = _bench.Book.Upsert(Bench.Campaign("c2"));
        _bench.Leases.Want(c);
        _bench.Leases.Want(d);
        await Refill();
        Assert.Equal(0, _bench.Store.GrantCalls);
    }

    [Fact]
    public async Task The_first_lease_is_a_hundredth_of_the_day_for_all_nodes_until_bids_are_known()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        LeaseView lease = Lease(c);
        Assert.Equal((Budget / 200, Bench.Day), (lease.HeadroomNanos, lease.Day));
        // A node stops before its lease expires.
        Assert.Equal(Bench.At(10) + TimeSpan.FromMinutes(4).Ticks - TimeSpan.FromMilliseconds(500).Ticks, lease.StopTicks);
    }

    [Fact]
    public async Task A_lease_holds_20_bids_or_2_seconds_of_this_nodes_bids()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        Take(c);
        Bid(c, 10, 50_000_000);
        await Refill();
        Assert.Equal(20 * 50_000_000, Lease(c).HeadroomNanos);
        // 400 bids of half that in a second.
        Take(c);
        Bid(c, 400, 25_000_000);
        await Refill(10 + 1 / 3600.0);
        Assert.Equal(2 * (10 * 50_000_000L + 400 * 25_000_000L), Lease(c).HeadroomNanos, 10_000.0);
    }

    [Fact]
    public async Task Refused_bids_are_demand_and_what_the_campaign_spends_elsewhere_is_not()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        _bench.Entry(c).SpentNanos = Budget / 2;
        Take(c);
        for (int i = 0; i < 5; i++) _bench.Counters.CountRefusal(c, 60_000_000);
        await Refill();
        Assert.Equal(20 * 60_000_000, Lease(c).HeadroomNanos);
    }

    [Fact]
    public async Task A_lease_is_refilled_when_half_is_gone_and_not_before()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        int calls = _bench.Store.GrantCalls;
        _bench.Leases.TryTake(Lease(c).LeaseId, Budget / 400);
        await Refill();
        Assert.Equal(calls, _bench.Store.GrantCalls);
        _bench.Leases.TryTake(Lease(c).LeaseId, 1_000);
        await Refill();
        Assert.Equal(Budget / 200, Lease(c).HeadroomNanos);
    }

    [Fact]
    public async Task Only_marked_campaigns_and_leases_that_are_due_are_looked_at()
    {
        int[] all = [.. Enumerable.Range(0, 50).Select(i => _bench.Open(Bench.Campaign($"c{i}"), 10))];
        await _bench.Refiller.SetBudgetsAsync(default);
        await Refill();
        Assert.Equal(50, _bench.Store.LastRequests.Count);
        Assert.True(_bench.Leases.TryHold(all[7], Budget / 300, Bench.At(10), 10, out _));
        Bid(all[7], 1, Budget / 300);
        await Refill(10 + 1 / 60.0);
        Assert.Equal("c7", Assert.Single(_bench.Store.LastRequests).CampaignId);
        // Two minutes in, half their life: those that were not renewed on the way.
        await Refill(10 + 2 / 60.0);
        Assert.Equal(49, _bench.Store.LastRequests.Count);
    }

    [Fact]
    public async Task No_lease_takes_more_than_its_share_of_what_remains()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        _bench.Refiller.Demand(c).RemainingNanos = 1_000_000_000;
        Bid(c, 1, Budget / 20);
        Take(c);
        await Refill();
        // A quarter for one of two nodes, unless that were less than one bid.
        Assert.Equal(1_000_000_000, _bench.Store.LastRequests[0].AmountNanos);
        _bench.Refiller.Demand(c).RemainingNanos = Budget;
        await Refill();
        Assert.Equal(Budget / 4, _bench.Store.LastRequests[0].AmountNanos);
    }

    [Fact]
    public async Task The_budget_is_granted_to_its_last_nano_and_not_beyond()
    {
        int c = await Open(Bench.Campaign());
        long taken = 0;
        for (int i = 0; i < 20_000 && _bench.Refiller.Demand(c).RemainingNanos != 0; i++)
        {
            await Refill();
            taken += Take(c);
        }

        Assert.Equal(Budget, taken);
        int calls = _bench.Store.GrantCalls;
        await Refill();
        Assert.False(await _bench.Refiller.RefillForAsync(c, 1, Now(), default));
        Assert.Equal(calls, _bench.Store.GrantCalls);
    }

    [Fact]
    public async Task A_lease_is_renewed_before_it_runs_out_but_not_at_the_days_end()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        long stop = Lease(c).StopTicks;
        int calls = _bench.Store.GrantCalls;
        await Refill(10 + 1 / 60.0);
        Assert.Equal(calls, _bench.Store.GrantCalls);
        Bid(c, 1, 1000);
        await Refill(10 + 2.5 / 60);
        Assert.True(Lease(c).StopTicks > stop);
        Bid(c, 1, 1000);
        _bench.Leases.Want(c);
        await Refill(23.99);
        Assert.Equal(Bench.At(24), Lease(c).StopTicks);
        calls = _bench.Store.GrantCalls;
        await Refill(23.995);
        await Refill(23.999);
        Assert.Equal(calls, _bench.Store.GrantCalls);
    }

    [Fact]
    public async Task A_campaign_that_is_not_bid_on_for_a_lease_life_gives_its_lease_back_and_a_bid_brings_it_again()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        long lease = Lease(c).LeaseId;
        await Refill(10 + 2 / 60.0);
        Assert.Equal(lease, Lease(c).LeaseId);
        await Refill(10 + 4.1 / 60);
        Assert.Equal(default, Lease(c));
        // Wanted again before it is closed: the store goes on with it, and so does the desk.
        _bench.Leases.Want(c);
        await Refill(10 + 4.2 / 60);
        Assert.Equal((lease, 2 * Budget / 200), (Lease(c).LeaseId, Lease(c).HeadroomNanos));
        await Refill(10 + 6.3 / 60);
        await Refill(10 + 8.4 / 60);
        Assert.Equal(default, Lease(c));
        var closed = new List<long>();
        _bench.Leases.CollectRetired(c, Bench.At(10.2), closed);
        Assert.Equal([lease], closed);
        await _bench.Store.CommitAsync(new LedgerCommit { ClosedLeases = { lease } }, default);
        int calls = _bench.Store.GrantCalls;
        await Refill(11);
        Assert.Equal(calls, _bench.Store.GrantCalls);
        _bench.Counters.CountRefusal(c, 1000);
        _bench.Leases.Want(c);
        await Refill(11);
        Assert.NotEqual(0, Lease(c).LeaseId);
    }

    [Fact]
    public async Task A_paused_campaign_gives_its_lease_back()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, Status = CampaignStatus.Paused });
        await _bench.Refiller.SetBudgetsAsync(default);
        await Refill();
        Assert.Equal(default, Lease(c));
    }

    [Fact]
    public async Task Cells_are_added_ahead_of_bids_without_a_request()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        int calls = _bench.Store.GrantCalls;
        for (int i = 0; i < 2000; i++)
        {
            Assert.True(_bench.Leases.TryHold(c, 1, Bench.At(10), TimeSpan.FromHours(1).Ticks, out _));
            if (i % 4 == 0) await Refill();
        }

        Assert.Equal(calls, _bench.Store.GrantCalls);
    }

    [Fact]
    public async Task Where_another_scope_has_nothing_left_the_store_is_asked_less_and_less_often()
    {
        Campaign shared = Bench.Campaign() with { Account = "acc", AccountBudgetNanos = Budget / 1000 };
        int c = await Open(shared);
        await Refill();
        Assert.Equal(Budget / 1000, Lease(c).HeadroomNanos);
        int d = await Open(shared with { Id = "c2" });
        await Refill();
        int asked = 0;
        for (int i = 0; i < 32 * 50; i++)
        {
            int calls = _bench.Store.GrantCalls;
            _bench.Leases.Want(d);
            await Refill(10 + i / 50.0 / 3600);
            if (_bench.Store.GrantCalls > calls) asked += _bench.Store.LastRequests.Count(request => request.CampaignId == "c2");
        }

        // After 1, 3, 7, 15 and 31 seconds.
        Assert.Equal(5, asked);
        Assert.True(_bench.Leases.TryTake(Lease(c).LeaseId, 1));
    }

    [Fact]
    public async Task On_demand_a_bid_gets_what_it_needs_or_an_answer()
    {
        int c = await Open(Bench.Campaign());
        Assert.True(await _bench.Refiller.RefillForAsync(c, Budget / 2, Now(), default));
        Assert.True(_bench.Leases.TryHold(c, Budget / 2, Bench.At(10), 10, out _));
        Assert.False(await _bench.Refiller.RefillForAsync(c, Budget, Now(), default) && _bench.Leases.TryHold(c, Budget, Bench.At(10), 10, out _));
        // Cells run out before money: they are asked for too.
        while (_bench.Leases.TryHold(c, 1, Bench.At(10), 10, out _))
        {
        }

        Assert.Equal(0, Lease(c).FreeCells);
        Assert.True(await _bench.Refiller.RefillForAsync(c, 1, Now(), default));
        Assert.True(_bench.Leases.TryHold(c, 1, Bench.At(10), 10, out _));
    }

    [Fact]
    public async Task While_bids_are_refused_the_size_doubles_and_falls_back_when_none_is()
    {
        LeaseRefiller live = Live();
        int c = await Open(Bench.Campaign(), refiller: live);
        var now = Now();
        await live.RefillAsync(now, default);
        Take(c);
        long before = 0;
        for (int i = 0; i < 5; i++)
        {
            _bench.Counters.CountRefusal(c, 1_000_000);
            _bench.Leases.Want(c);
            now = new EngineInstant(now.EventTicks, now.LeaseTicks + TimeSpan.TicksPerMillisecond * 20);
            await live.RefillAsync(now, default);
            long size = Take(c);
            Assert.True(size >= 2 * before, $"{size} after {before}");
            before = size;
        }

        for (int i = 0; i < 40; i++)
        {
            now = new EngineInstant(now.EventTicks, now.LeaseTicks + TimeSpan.TicksPerSecond);
            _bench.Leases.Want(c);
            await live.RefillAsync(now, default);
        }

        Take(c);
        await live.RefillAsync(now, default);
        Assert.InRange(Lease(c).HeadroomNanos, 1, before / 8);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_wall_clock_that_jumps_an_hour_neither_ends_nor_prolongs_a_live_lease(int hours)
    {
        LeaseRefiller live = Live();
        int c = await Open(Bench.Campaign(), refiller: live);
        long mono = TimeSpan.FromDays(3).Ticks;
        await live.RefillAsync(new EngineInstant(Bench.At(10), mono), default);
        long stop = mono + TimeSpan.FromSeconds(59.5).Ticks;
        Assert.Equal(stop, Lease(c).StopTicks);
        // The clock jumps; nothing is looked at for it, and the lease is renewed by its own time.
        int calls = _bench.Store.GrantCalls;
        await live.RefillAsync(new EngineInstant(Bench.At(10 + hours), mono + TimeSpan.TicksPerSecond), default);
        Assert.Equal((calls, stop), (_bench.Store.GrantCalls, Lease(c).StopTicks));
        Assert.True(_bench.Leases.TryHold(c, 1, stop - 1, TimeSpan.FromMinutes(5).Ticks, out _));
        Assert.False(_bench.Leases.TryHold(c, 1, stop, 10, out _));
        long renewal = mono + TimeSpan.FromSeconds(30).Ticks;
        await live.RefillAsync(new EngineInstant(Bench.At(10 + hours), renewal), default);
        Assert.Equal(renewal + TimeSpan.FromSeconds(59.5).Ticks, Lease(c).StopTicks);
        Assert.Equal(0, _bench.Leases.Sweep(c, stop - 2 + TimeSpan.FromMinutes(5).Ticks));
        Assert.Equal(1, _bench.Leases.Sweep(c, stop - 1 + TimeSpan.FromMinutes(5).Ticks));
    }

    [Fact]
    public async Task Holds_of_a_short_campaign_are_swept_before_more_is_asked_for()
    {
        LeaseRefiller live = Live();
        int c = await Open(Bench.Campaign(), refiller: live);
        await live.RefillAsync(Now(), default);
        long headroom = Lease(c).HeadroomNanos;
        Assert.True(_bench.Leases.TryHold(c, headroom, Bench.At(10), TimeSpan.TicksPerSecond * 5, out _));
        _bench.Entry(c).DayEndTicks = Bench.At(24);
        int calls = _bench.Store.GrantCalls;
        Assert.Equal(1, await live.RefillAsync(Now(10 + 5.1 / 3600), default));
        Assert.Equal((calls, headroom), (_bench.Store.GrantCalls, Lease(c).HeadroomNanos));
    }

    [Theory]
    [InlineData(Reservation.Strict, 1000, 50, 1000)]
    [InlineData(Reservation.Expected, 99, 0, 1000)]
    [InlineData(Reservation.Expected, 1000, 50, 69)]
    [InlineData(Reservation.Expected, 100, 100, 1000)]
    public async Task Expected_reservation_holds_the_upper_bound_of_the_win_rate(Reservation reservation, long bids, long wins, long held)
    {
        int c = await Open(Bench.Campaign() with { Reservation = reservation });
        _bench.Entry(c).DayBids = bids;
        _bench.Entry(c).DayWins = wins;
        await Refill();
        long before = Lease(c).HeadroomNanos;
        Assert.True(_bench.Leases.TryHold(c, 1000, Bench.At(10), 10, out _));
        Assert.Equal(held, before - Lease(c).HeadroomNanos);
    }

    [Fact]
    public async Task A_lower_budget_is_told_to_the_store_with_the_next_version()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, DailyBudgetNanos = Budget / 10_000 });
        await _bench.Refiller.SetBudgetsAsync(default);
        BudgetRow row = Assert.Single(await _bench.Store.BudgetsAsync("t1", "c1", default));
        // Never below settled + outstanding.
        Assert.Equal(Budget / 200, row.BudgetNanos);
        _bench.Leases.TryTake(Lease(c).LeaseId, Lease(c).HeadroomNanos);
        await Refill();
        Assert.Equal(0, Lease(c).HeadroomNanos);
    }

    [Fact]
    public async Task A_dsp_asks_for_its_own_lease()
    {
        int c = await Open(Bench.Campaign());
        LeaseRequest? request = _bench.Refiller.RequestFor(c, "dsp", Bench.At(10), (_, _, _) => 0);
        Assert.Equal(("dsp", Budget / 1000, Bench.Day), (request!.Value.Node, request.Value.AmountNanos, request.Value.Day));
        Assert.Equal(0, _bench.Refiller.RequestFor(c, "dsp", Bench.At(10), (_, _, _) => Budget / 1000)!.Value.AmountNanos);
        _bench.Book.Upsert(Bench.Campaign() with { Version = 2, Status = CampaignStatus.Paused });
        Assert.Null(_bench.Refiller.RequestFor(c, "dsp", Bench.At(10), (_, _, _) => 0));
    }
}
