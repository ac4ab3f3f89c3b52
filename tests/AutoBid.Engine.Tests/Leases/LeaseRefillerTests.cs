using AutoBid.Core.Campaigns;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Leases;

public sealed class LeaseRefillerTests : IDisposable
{
    private const long Budget = 100_000_000_000;

    private readonly Bench _bench = new(new EngineOptions { Tick = TimeSpan.FromMinutes(1), Nodes = 2 });

    public void Dispose() => _bench.Dispose();

    private async Task<int> Open(Campaign campaign, double hours = 10)
    {
        int c = _bench.Open(campaign, hours);
        await _bench.Refiller.SetBudgetsAsync(default);
        return c;
    }

    private ValueTask Refill(double hours = 10) => _bench.Refiller.RefillAsync(Bench.At(hours), default);

    private LeaseView Lease(int c) => _bench.Leases.Look(c);

    [Fact]
    public async Task Nothing_is_asked_before_the_store_knows_the_budget_or_the_day_has_begun()
    {
        _bench.Open(Bench.Campaign(), 10);
        _bench.Book.Upsert(Bench.Campaign("c2"));
        await Refill();
        Assert.Equal(0, _bench.Store.GrantCalls);
    }

    [Fact]
    public async Task The_first_lease_is_a_thousandth_of_the_day_until_bids_are_known()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        LeaseView lease = Lease(c);
        Assert.Equal((Budget / 1000, Bench.Day), (lease.HeadroomNanos, lease.Day));
        // A node stops before its lease expires.
        Assert.Equal(Bench.At(10) + TimeSpan.FromMinutes(4).Ticks - TimeSpan.FromMilliseconds(500).Ticks, lease.StopTicks);
    }

    [Fact]
    public async Task A_lease_holds_20_bids_or_2_seconds_of_spend()
    {
        int c = await Open(Bench.Campaign());
        _bench.Book.Open(c).Bids = 10;
        _bench.Book.Open(c).SumBidNanos = 10 * 50_000_000;
        await Refill();
        Assert.Equal(20 * 50_000_000, Lease(c).HeadroomNanos);
        int d = await Open(Bench.Campaign("c2") with { DailyBudgetNanos = Budget * 10_000 }, 0.01);
        // Half the day's money in the first 36 seconds: 2 seconds of it are an 18th, far above 20 bids.
        _bench.Entry(d).SpentNanos = Budget * 5_000;
        await Refill(0.01);
        Assert.Equal(Budget * 5_000 / 18.0, Lease(d).HeadroomNanos, Budget * 0.01);
    }

    [Fact]
    public async Task A_lease_is_refilled_when_half_is_gone_and_not_before()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        int calls = _bench.Store.GrantCalls;
        _bench.Leases.TryTake(Lease(c).LeaseId, Budget / 2000);
        await Refill();
        Assert.Equal(calls, _bench.Store.GrantCalls);
        _bench.Leases.TryTake(Lease(c).LeaseId, 1);
        await Refill();
        Assert.Equal(Budget / 1000, Lease(c).HeadroomNanos);
    }

    [Fact]
    public async Task No_lease_takes_more_than_its_share_of_what_remains()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        _bench.Entry(c).RemainingNanos = 1_000_000_000;
        _bench.Book.Open(c).Bids = 1;
        _bench.Book.Open(c).SumBidNanos = Budget / 20;
        await Refill();
        // A quarter for one of two nodes, unless that were less than one bid.
        Assert.Equal(1_000_000_000, _bench.Store.LastRequests[0].AmountNanos);
        _bench.Entry(c).RemainingNanos = Budget;
        await Refill();
        Assert.Equal(Budget / 4, _bench.Store.LastRequests[0].AmountNanos);
    }

    [Fact]
    public async Task The_budget_is_granted_to_its_last_nano_and_not_beyond()
    {
        int c = await Open(Bench.Campaign());
        long taken = 0;
        for (int i = 0; i < 20_000 && _bench.Entry(c).RemainingNanos != 0; i++)
        {
            await Refill();
            long headroom = Lease(c).HeadroomNanos;
            if (headroom > 0) Assert.True(_bench.Leases.TryTake(Lease(c).LeaseId, headroom));
            taken += headroom;
        }

        Assert.Equal(Budget, taken);
        int calls = _bench.Store.GrantCalls;
        await Refill();
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
        await Refill(10 + 2.5 / 60);
        Assert.True(Lease(c).StopTicks > stop);
        await Refill(23.99);
        Assert.Equal(Bench.At(24), Lease(c).StopTicks);
        calls = _bench.Store.GrantCalls;
        await Refill(23.995);
        await Refill(23.999);
        Assert.Equal(calls, _bench.Store.GrantCalls);
    }

    [Fact]
    public async Task Open_holds_that_only_wait_cause_no_requests()
    {
        int c = await Open(Bench.Campaign());
        await Refill();
        for (int i = 0; i < 14; i++) Assert.True(_bench.Leases.TryHold(c, 1, Bench.At(10), TimeSpan.FromHours(1).Ticks, out _));
        int calls = _bench.Store.GrantCalls;
        await Refill();
        Assert.Equal(calls, _bench.Store.GrantCalls);
        // Half a ring in use: one request, and the desk gives room.
        for (int i = 0; i < 2; i++) Assert.True(_bench.Leases.TryHold(c, 1, Bench.At(10), TimeSpan.FromHours(1).Ticks, out _));
        await Refill();
        await Refill();
        Assert.Equal(calls + 1, _bench.Store.GrantCalls);
        Assert.Equal(4 * HoldSlab.SmallestCapacity - 16, Lease(c).FreeCells);
    }

    [Fact]
    public async Task Where_another_scope_has_nothing_left_the_store_is_not_asked_in_every_round()
    {
        Campaign shared = Bench.Campaign() with { Account = "acc", AccountBudgetNanos = Budget / 1000 };
        int c = await Open(shared);
        await Refill();
        Assert.Equal(Budget / 1000, Lease(c).HeadroomNanos);
        await Open(shared with { Id = "c2" });
        await Refill();
        int calls = _bench.Store.GrantCalls;
        for (int i = 1; i < 10; i++) await Refill(10 + i / 36_000.0);
        Assert.Equal(calls, _bench.Store.GrantCalls);
        await Refill(10 + 1.5 / 3600);
        Assert.Equal(calls + 1, _bench.Store.GrantCalls);
    }

    [Fact]
    public async Task On_demand_a_bid_gets_what_it_needs_or_an_answer()
    {
        int c = await Open(Bench.Campaign());
        Assert.True(await _bench.Refiller.RefillForAsync(c, Budget / 2, Bench.At(10), default));
        Assert.True(_bench.Leases.TryHold(c, Budget / 2, Bench.At(10), 10, out _));
        Assert.False(await _bench.Refiller.RefillForAsync(c, Budget, Bench.At(10), default) && _bench.Leases.TryHold(c, Budget, Bench.At(10), 10, out _));
        // Cells run out before money: they are asked for too.
        while (_bench.Leases.TryHold(c, 1, Bench.At(10), 10, out _))
        {
        }

        Assert.Equal(0, Lease(c).FreeCells);
        Assert.True(await _bench.Refiller.RefillForAsync(c, 1, Bench.At(10), default));
        Assert.True(_bench.Leases.TryHold(c, 1, Bench.At(10), 10, out _));
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
        Assert.Equal(Budget / 1000, row.BudgetNanos);
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
