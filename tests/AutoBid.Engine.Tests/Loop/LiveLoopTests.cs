using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Loop;

/// <summary>The live loop on a clock that the test moves.</summary>
public sealed class LiveLoopTests : LiveLoop
{
    [Fact]
    public async Task It_bids_from_its_first_moment_and_settles_what_is_billed()
    {
        // The tick at the start set budgets and granted a lease.
        BidOffer offer = Engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), Engine.Now, TimeSpan.FromMinutes(5).Ticks);
        Assert.True(offer.IsBid, offer.Reasons.ToString());
        EngineEvent bill = Bench.Bill(offer.Held.LeaseId, offer.Held.Seq, offer.PriceNanos) with { TimeTicks = Engine.NowTicks, OriginTicks = Engine.NowTicks };
        await Log.AppendAsync(new[] { bill.Identified() }, default);
        await UntilSpent(offer.PriceNanos);
        // A commit follows within its interval of the loop's clock.
        Time.Advance(TimeSpan.FromMilliseconds(60));
        await UntilLater(async () => (await Store.BudgetsAsync("t1", "c1", default))[0].SettledNanos == offer.PriceNanos);
    }

    [Fact]
    public async Task It_ticks_on_the_grid_and_closes_steps()
    {
        Time.Advance(TimeSpan.FromSeconds(53.2));
        await UntilLater(() => Task.FromResult(Log.Published.Count >= 2));
        Assert.Equal(601, Log.Published[1].Tick);
        Time.Advance(TimeSpan.FromMinutes(29.01));
        await UntilLater(async () => (await Engine.LookAsync("t1", "c1", default))!.Rows.Count == 22);
        Assert.Contains(Log.Published.ToArray(), record => record.Row.Count == 16);
    }

    [Fact]
    public async Task Bid_counts_reach_the_ledger_through_the_log_without_loss()
    {
        for (int second = 0; second < 130; second++)
        {
            for (int i = 0; i < 3; i++) Engine.Bids.Price(new BidQuery(0, 0.0005, 0, false), Engine.NowTicks);
            Time.Advance(TimeSpan.FromSeconds(1));
            long seen = 3L * (second + 1);
            await UntilLater(async () => (await Engine.LookAsync("t1", "c1", default))!.Rows[^1].Impressions == seen);
        }

        Assert.DoesNotContain(Log.All().GroupBy(e => e.Identity), group => group.Count() > 1);
    }

    [Fact]
    public async Task Stopping_commits_what_was_applied()
    {
        await Log.AppendAsync(new[] { Bench.Foreign("f", 123, 10).Identified() }, default);
        await UntilSpent(123);
        await Stop.CancelAsync();
        await Loop;
        Assert.Equal(123, (await Store.BudgetsAsync("t1", "c1", default))[0].SettledNanos);
        LedgerSnapshot snapshot = await Store.LoadAsync([0, 1, 2], default);
        Assert.Single(snapshot.Seen);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(-60)]
    public async Task Holds_last_as_long_as_they_should_when_the_wall_clock_jumps(int minutes)
    {
        BidOffer offer = Engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), Engine.Now, TimeSpan.FromMinutes(5).Ticks);
        long now = Engine.Now.LeaseTicks, stop = (await Engine.LookAsync("t1", "c1", default))!.Lease.StopTicks;
        Time.Jump(TimeSpan.FromMinutes(minutes));
        // Forward, ticks come at once; back, none comes for a while. Neither moves the lease or the hold.
        int published = Log.Published.Count;
        if (minutes > 0) await UntilLater(() => Task.FromResult(Log.Published.Count > published));
        LeaseView lease = (await Engine.LookAsync("t1", "c1", default))!.Lease;
        Assert.Equal((stop, offer.PriceNanos), (lease.StopTicks, lease.HeldNanos));
        Assert.True(Engine.Leases.TryHold(0, 1, now, TimeSpan.FromHours(2).Ticks, out _));
        Time.Advance(TimeSpan.FromSeconds(40));
        await UntilLater(async () => (await Engine.LookAsync("t1", "c1", default))!.Lease.StopTicks > stop);
        // The bid's hold lasts 5 minutes of elapsed time, to the tick.
        Assert.Equal(0, Engine.Leases.Sweep(0, now + TimeSpan.FromMinutes(5).Ticks - 1));
        Assert.Equal(1, Engine.Leases.Sweep(0, now + TimeSpan.FromMinutes(5).Ticks));
    }

    [Fact]
    public async Task A_lease_is_renewed_while_time_passes()
    {
        for (int i = 0; i < 200; i++)
        {
            // A campaign that is bid on: an idle one would give its lease back.
            Engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), Engine.Now, TimeSpan.FromSeconds(5).Ticks);
            Time.Advance(TimeSpan.FromSeconds(1));
            int calls = Store.GrantCalls;
            long stop = 0;
            await UntilLater(async () =>
            {
                stop = (await Engine.LookAsync("t1", "c1", default))!.Lease.StopTicks;
                return stop > Engine.NowTicks + TimeSpan.FromSeconds(25).Ticks;
            });
            Assert.True(Store.GrantCalls - calls <= 3);
        }
    }
}
