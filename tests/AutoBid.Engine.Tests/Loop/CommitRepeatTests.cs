using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Loop;

/// <summary>The store fails between two commits: what was applied is committed once, whether or not the failed attempt reached the store.</summary>
public sealed class CommitRepeatTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_commit_of_unknown_outcome_is_repeated_as_it_was_and_counts_once(bool wasApplied)
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync([Bench.Campaign()]);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        if (wasApplied) driver.Store.LoseAnswerOfCommit = driver.Store.Commits + 1;
        else driver.Store.FailCommits = 1;
        await driver.Log.AppendAsync(new[] { Bench.Foreign("a", 100, 1).Identified(), Bench.Bill(99, 1, 7, 1).Identified() }, default);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1.2), default));

        // More comes before the store is back.
        await driver.Log.AppendAsync(new[] { Bench.Foreign("b", 30, 1.2).Identified() }, default);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1.4), default);
        Assert.Equal(137, (await driver.Store.BudgetsAsync("t1", "c1", default))[0].SettledNanos);
        Assert.Equal([("late-win", 7L), ("foreign-bid", 100L), ("foreign-bid", 30L)], driver.Store.Adjustments.Select(one => (one.Cause, one.AmountNanos)));
        Assert.Equal((137L, 137L), (await driver.Engine.LookAsync("t1", "c1", default)) is { } look ? (look.SpentNanos, look.AdjustedNanos) : default);
        var seen = new SeenMemory(TimeSpan.FromHours(72));
        seen.Load((await driver.Store.LoadAsync([0, 1, 2], default)).Seen, driver.Time.GetUtcNow().UtcTicks);
        Assert.Equal(3, seen.Count);
    }

    [Fact]
    public async Task A_node_whose_partition_was_claimed_by_another_commits_no_more()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync([Bench.Campaign()]);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        int commits = driver.Store.Commits;
        await driver.Store.ClaimAsync("other", [driver.Log.PartitionOf("c1")], 3, default);
        await driver.Log.AppendAsync(new[] { Bench.Foreign("a", 100, 1).Identified() }, default);
        var fenced = await Assert.ThrowsAsync<FencedException>(() => driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1.2), default));
        Assert.Equal((1L, 2L, commits), (fenced.HeldEpoch, fenced.StoredEpoch, driver.Store.Commits));
    }

    [Fact]
    public async Task Bills_of_leases_granted_elsewhere_are_asked_for_once_and_settle_in_the_store()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync([Bench.Campaign()]);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        // Another node is granted a lease behind the engine's back.
        LeaseGrant other = (await driver.Store.GrantAsync([new LeaseRequest("t1", "c1", Bench.Day, "n9", 500, Bench.At(1), TimeSpan.FromHours(9).Ticks)], default))[0];
        EngineEvent[] bills = [.. Enumerable.Range(1, 6).Select(i => Bench.Bill(other.LeaseId, i, 100, 1 + (i / 100.0)).Identified())];
        await driver.Log.AppendAsync(bills.AsMemory(0, 3), default);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1.2), default);
        await driver.Log.AppendAsync(bills.AsMemory(3), default);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1.4), default);
        Assert.Equal(1, driver.Store.FindCalls);
        Assert.Equal([("lease-exhausted", 100L)], driver.Store.Adjustments.Select(one => (one.Cause, one.AmountNanos)));
        Assert.Equal((600L, 100L), (await driver.Engine.LookAsync("t1", "c1", default)) is { } look ? (look.SpentNanos, look.AdjustedNanos) : default);
    }

    [Fact]
    public async Task What_a_dsp_has_left_counts_bills_that_are_not_committed_yet()
    {
        await using var driver = new DayDriver(1);
        await driver.StartAsync([Bench.Campaign()]);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        OutsideGrant first = (await driver.Engine.GrantToAsync("t1", "c1", "dsp", default))!.Value;
        driver.Store.FailCommits = 1;
        await driver.Log.AppendAsync(new[] { Bench.Bill(first.Grant.LeaseId, 1, 70, 1).Identified() }, default);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1.1), default));
        Assert.Equal(first.LeftNanos - 70, (await driver.Engine.GrantToAsync("t1", "c1", "dsp", default))!.Value.LeftNanos);
        await driver.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1.1), default);
        Assert.Equal(first.LeftNanos - 70, (await driver.Engine.GrantToAsync("t1", "c1", "dsp", default))!.Value.LeftNanos);
    }
}
