using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Loop;

/// <summary>The store takes its time over a commit: the loop goes on meanwhile, and asks it nothing whose answer the commit would change.</summary>
public sealed class CommitUnderWayTests : LiveLoop
{
    /// <summary>A commit of what is appended: the store has it, and its answer does not come.</summary>
    private async Task<TaskCompletionSource> CommitAsync(long spent, params EngineEvent[] events)
    {
        int before = Store.Commits;
        TaskCompletionSource held = Store.HoldAnswers = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await AppendAsync(events);
        await UntilSpent(spent);
        Time.Advance(TimeSpan.FromMilliseconds(60));
        await UntilLater(() => Task.FromResult(Store.Commits == before + 1));
        return held;
    }

    private Task AppendAsync(params EngineEvent[] events) => Log.AppendAsync(events.Select(e => e.Identified()).ToArray(), default).AsTask();

    private async Task<long> SettledAsync(int day) => (await Store.BudgetsAsync("t1", "c1", default)).FirstOrDefault(row => row.Period == day).SettledNanos;

    [Fact]
    public async Task What_comes_meanwhile_is_applied_and_goes_into_the_next_one()
    {
        TaskCompletionSource held = await CommitAsync(100, Bench.Foreign("a", 100));
        int commits = Store.Commits;
        await AppendAsync(Bench.Foreign("b", 30));
        await UntilSpent(130);
        Time.Advance(TimeSpan.FromMilliseconds(60));
        await AppendAsync(Bench.Foreign("c", 7));
        await UntilSpent(137);
        Assert.Equal((commits, 100L), (Store.Commits, await SettledAsync(Bench.Day)));

        held.SetResult();
        await UntilLater(async () => await SettledAsync(Bench.Day) == 137);
        Assert.Equal([100, 30, 7], Store.Adjustments.Select(one => one.AmountNanos));
    }

    [Fact]
    public async Task A_refund_of_yesterday_waits_for_it()
    {
        const int Yesterday = 20250601;
        TaskCompletionSource held = await CommitAsync(0, Bench.Foreign("a", 100, -3));
        Assert.Equal(100, await SettledAsync(Yesterday));
        // The store's 100 are those of the commit: taken for two, both refunds would pass and the store would refuse everything that they come with.
        await AppendAsync(Bench.Refund("r1", 60, -3), Bench.Refund("r2", 60, -3));
        await Until(() => Task.FromResult(Log.Position.Sum(at => at.NextOffset) == Log.All().Count));
        held.SetResult();
        await UntilLater(async () => await SettledAsync(Yesterday) == 40);
        await Until(() => Task.FromResult(Log.Rejected.Count == 1));
        Assert.Equal("refund-above-spend", Log.Rejected[0].Reason);
    }

    [Fact]
    public async Task A_grant_waits_for_it_and_keeps_nothing_back()
    {
        BidOffer offer = Engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), Engine.Now, TimeSpan.FromMinutes(5).Ticks);
        TaskCompletionSource held = await CommitAsync(offer.PriceNanos, Bench.Bill(offer.Held.LeaseId, offer.Held.Seq, offer.PriceNanos));
        int grants = Store.GrantCalls;
        // Bids use the lease up, as fast as the loop makes cells for them; then it wants to refill.
        int refused = 0;
        await UntilLater(() => Task.FromResult(!Bid() && ++refused > 1000));
        Assert.Equal(grants, Store.GrantCalls);
        held.SetResult();
        await UntilLater(() => Task.FromResult(!Bid() && Store.GrantCalls > grants));
        LeaseView lease = (await Engine.LookAsync("t1", "c1", default))!.Lease;
        Assert.Equal((0L, offer.PriceNanos), (lease.KeptNanos, lease.SettledNanos));

        bool Bid() => Engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), Engine.Now, TimeSpan.FromMinutes(5).Ticks).IsBid;
    }

    [Fact]
    public async Task One_that_took_long_does_not_put_the_next_one_off_for_ten_times_as_long()
    {
        TaskCompletionSource held = await CommitAsync(100, Bench.Foreign("a", 100));
        Time.Advance(TimeSpan.FromSeconds(30));
        held.SetResult();
        await AppendAsync(Bench.Foreign("b", 30));
        await UntilSpent(130);
        Time.Advance(TimeSpan.FromSeconds(10));
        await UntilLater(async () => await SettledAsync(Bench.Day) == 130);
    }

    [Fact]
    public async Task One_that_fails_is_repeated_and_counts_once()
    {
        Store.FailCommits = 2;
        await AppendAsync(Bench.Foreign("a", 100));
        await UntilSpent(100);
        await UntilLater(async () => await SettledAsync(Bench.Day) == 100 && Engine.StoreOutage is null);
        Assert.Equal(0, Store.FailCommits);
        Assert.Equal(100, Assert.Single(Store.Adjustments).AmountNanos);
    }

    [Fact]
    public async Task One_that_is_under_way_when_the_loop_stops_is_there_before_the_last_one()
    {
        TaskCompletionSource held = await CommitAsync(100, Bench.Foreign("a", 100));
        await AppendAsync(Bench.Foreign("b", 30));
        await UntilSpent(130);
        Store.HoldAnswers = null;
        await Stop.CancelAsync();
        await Loop;
        // Its first attempt was cancelled with the loop, the second is answered from what the store has.
        Assert.Equal(130, await SettledAsync(Bench.Day));
        Assert.Equal(2, Store.Adjustments.Count);
        held.SetResult();
    }
}
