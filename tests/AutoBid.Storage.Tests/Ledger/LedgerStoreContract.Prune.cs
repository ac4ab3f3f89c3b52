using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

/// <content>What the ledger forgets, and what it must not.</content>
public abstract partial class LedgerStoreContract
{
    private static readonly LedgerRetention Retention = new();

    /// <summary>The first instant at which <see cref="Day"/> may go: 40 days and two, and its date is over.</summary>
    private static readonly long DayIsOld = new DateTime(2026, 8, 2, 0, 0, 0, DateTimeKind.Utc).Ticks + TimeSpan.FromDays(42).Ticks;

    private static readonly long AdjustmentsAreOld = DayIsOld + TimeSpan.FromDays(400).Ticks;

    [Fact]
    public async Task A_day_goes_with_its_leases_when_it_is_old_and_the_flight_keeps_its_sums()
    {
        await SetAsync(
            new BudgetSetting(Tenant, "c1", 0, Day, 1_000, 5_000, "brand", 2_000), new BudgetSetting(Tenant, "c1", 0, Day + 1, 1_000, 5_000, "brand", 2_000));
        LeaseGrant closed = await GrantAsync("c1", "n1", 300), reclaimed = await GrantAsync("c1", "n2", 300, expires: 5);
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(closed.LeaseId, 200)));
        await CommitAsync(commit => commit.ClosedLeases.Add(closed.LeaseId));
        Assert.Equal([reclaimed.LeaseId], await Store.ReclaimAsync(null, 100, 0, default));
        IReadOnlyList<BudgetRow> before = await Store.BudgetsAsync(Tenant, "c1", default);

        Assert.Equal(default, await PruneAsync(DayIsOld - 1));
        Assert.Equal(before, await Store.BudgetsAsync(Tenant, "c1", default));
        Assert.Equal(new PruneResult(1, 2, 1, 0, false), await PruneAsync(DayIsOld));
        Assert.Equal(before.Where(row => row.Period != Day), await Store.BudgetsAsync(Tenant, "c1", default));
        Assert.Equal(new PruneResult(1, 0, 1, 0, false), await PruneAsync(DayIsOld + TimeSpan.TicksPerDay));
        Assert.Equal([new BudgetRow(BudgetScope.Flight, "c1", 0, 5_000, 200, 0)], await Store.BudgetsAsync(Tenant, "c1", default));

        // Nobody knows the leases any more, and their ids are not given again.
        Assert.Empty(await Store.FindLeasesAsync([closed.LeaseId, reclaimed.LeaseId], default));
        await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit => commit.ClosedLeases.Add(closed.LeaseId)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(closed.LeaseId, 1))));
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day + 60, 1_000, 300, null, null));
        LeaseGrant next = await GrantAsync("c1", "n1", 999, day: Day + 60);
        Assert.Equal(100, next.GrantedNanos);
        Assert.DoesNotContain(next.LeaseId, new[] { closed.LeaseId, reclaimed.LeaseId });
    }

    [Fact]
    public async Task A_day_with_an_open_lease_stays_until_it_has_ended()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant ended = await GrantAsync("c1", "n2", 10), open = await GrantAsync("c1", "n1", 300);
        await Store.ReturnAsync([ended.LeaseId], default);
        Assert.Equal(default, await PruneAsync(AdjustmentsAreOld));
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(open.LeaseId, 250)));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 1_000, 250, 50), await DayAsync("c1"));
        Assert.Equal(2, (await Store.FindLeasesAsync([ended.LeaseId, open.LeaseId], default)).Count);

        await Store.ReturnAsync([open.LeaseId], default);
        Assert.Equal(new PruneResult(1, 2, 0, 0, false), await PruneAsync(AdjustmentsAreOld));
        Assert.Empty(await Store.BudgetsAsync(Tenant, "c1", default));
    }

    [Fact]
    public async Task An_account_stays_as_long_as_a_day_points_at_it()
    {
        await SetAsync(
            new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, "brand", 900), new BudgetSetting(Tenant, "c2", 0, Day, 1_000, null, "brand", null),
            new BudgetSetting(Tenant, "c3", 0, Day, 1_000, null, "left", 900), new BudgetSetting(Tenant, "c3", 0, Day, 1_000, null, null, null));
        LeaseGrant first = await GrantAsync("c1", "n1", 300), second = await GrantAsync("c2", "n1", 300);
        await CommitAsync(commit =>
        {
            commit.Settlements.Add(new LeaseSettlement(first.LeaseId, 100));
            commit.ClosedLeases.Add(first.LeaseId);
        });

        // The account that nobody points at goes too; the other one keeps what was settled by the campaign whose day is gone.
        Assert.Equal(new PruneResult(2, 1, 1, 0, false), await PruneAsync(DayIsOld));
        Assert.Contains(new BudgetRow(BudgetScope.Account, "brand", Day, 900, 100, 300), await Store.BudgetsAsync(Tenant, "c2", default));
        await Store.ReturnAsync([second.LeaseId], default);
        Assert.Equal(new PruneResult(1, 1, 1, 0, false), await PruneAsync(DayIsOld));
    }

    [Fact]
    public async Task A_bill_under_a_forgotten_lease_is_listed_and_its_day_begins_anew_without_budget()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, 5_000, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n1", 300);
        await CommitAsync(commit =>
        {
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 200));
            commit.ClosedLeases.Add(lease.LeaseId);
        });
        await PruneAsync(DayIsOld);

        Adjustment bill = Adjust("c1", 40, cause: "late-win") with { TimeTicks = DayIsOld };
        Assert.Equal([bill], await CommitAsync(commit => commit.OutsideBills.Add(new OutsideBill(lease.LeaseId, bill with { Cause = "" }))));
        Assert.Equal([bill], await Store.AdjustmentsAsync(Tenant, "c1", default));
        Assert.Equal(
            [new BudgetRow(BudgetScope.Day, "c1", Day, 0, 40, 0), new BudgetRow(BudgetScope.Flight, "c1", 0, 5_000, 240, 0)], await Store.BudgetsAsync(Tenant, "c1", default));
        Assert.Equal(0, (await GrantAsync("c1", "n1", 10)).GrantedNanos);
        Assert.Equal(new PruneResult(1, 0, 0, 0, false), await PruneAsync(DayIsOld));
        Assert.Equal([bill], await Store.AdjustmentsAsync(Tenant, "c1", default));
    }

    [Fact]
    public async Task A_correction_of_a_forgotten_day_is_refused_and_what_comes_after_is_not()
    {
        await CommitAsync(commit => commit.Adjustments.Add(Adjust("c1", 100)));
        await PruneAsync(DayIsOld);
        await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit => commit.Adjustments.Add(Adjust("c1", -10))));
        Assert.Single(await Store.AdjustmentsAsync(Tenant, "c1", default));
        await CommitAsync(commit => commit.Adjustments.Add(Adjust("c1", 10)));
        await CommitAsync(commit => commit.Adjustments.Add(Adjust("c1", -10)));
        Assert.Equal(0, (await DayAsync("c1")).SettledNanos);
    }

    [Fact]
    public async Task Old_adjustments_count_in_two_sums_once_their_day_is_gone()
    {
        long time = DayIsOld - TimeSpan.FromDays(42).Ticks;
        Adjustment[] old = [Adjust("c1", 100) with { TimeTicks = time }, Adjust("c1", -30) with { TimeTicks = time - 5 }, Adjust("c1", 7) with { TimeTicks = time }];
        Adjustment young = Adjust("c1", 11) with { TimeTicks = time + TimeSpan.TicksPerDay }, other = Adjust("c2", 5) with { TimeTicks = time };
        await CommitAsync(commit => commit.Adjustments.AddRange([.. old, young, other]));
        long now = time + Retention.Adjustments.Ticks;

        await PruneAsync(DayIsOld);
        Assert.Equal([.. old, young], await Store.AdjustmentsAsync(Tenant, "c1", default));
        Assert.Equal(new PruneResult(0, 0, 0, 1, false), await PruneAsync(now));
        Assert.Equal([Forgotten(-30), old[0], old[2], young], await Store.AdjustmentsAsync(Tenant, "c1", default));
        Assert.Equal(new PruneResult(0, 0, 0, 3, false), await PruneAsync(now + 1));
        Assert.Equal([Forgotten(107), Forgotten(-30), young], await Store.AdjustmentsAsync(Tenant, "c1", default));
        Assert.Equal([Forgotten(5) with { CampaignId = "c2" }], await Store.AdjustmentsAsync(Tenant, "c2", default));
        Assert.Empty(await Store.AdjustmentsAsync("other", "c1", default));

        // A day that is there, and above its budget by them, keeps its adjustments, however old.
        Adjustment again = Adjust("c1", 3) with { TimeTicks = time };
        await CommitAsync(commit => commit.Adjustments.Add(again));
        Assert.Equal(new PruneResult(0, 0, 0, 0, false), await PruneAsync(now + 1, days: TimeSpan.FromDays(3_000)));
        Assert.Equal([Forgotten(107), Forgotten(-30), young, again], await Store.AdjustmentsAsync(Tenant, "c1", default));
        Assert.Equal(new PruneResult(1, 0, 0, 1, false), await PruneAsync(now + 1));
        Assert.Equal([Forgotten(110), Forgotten(-30), young], await Store.AdjustmentsAsync(Tenant, "c1", default));
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day + 200, 50, 60, null, null));
        Assert.Contains(await Store.BudgetsAsync(Tenant, "c1", default), row => row is { Scope: BudgetScope.Flight, SettledNanos: 91 });

        static Adjustment Forgotten(long nanos) => new(Tenant, "c1", 0, nanos, "forgotten", default, 0);
    }

    [Fact]
    public async Task A_commit_that_is_repeated_after_its_day_is_gone_answers_as_before()
    {
        Adjustment bill = Adjust("c1", 40, cause: "late-win") with { TimeTicks = DayIsOld };
        var commit = new LedgerCommit { Sequence = 1 };
        commit.Epochs.AddRange(Held);
        commit.OutsideBills.Add(new OutsideBill(77, bill with { Cause = "" }));
        Assert.Equal([bill], (await Store.CommitAsync(commit, default)).Adjustments);
        Assert.Equal(1, (await PruneAsync(DayIsOld)).Days);
        Assert.Equal([bill], (await Store.CommitAsync(commit, default)).Adjustments);
    }

    [Fact]
    public async Task One_call_forgets_at_most_as_much_as_it_may_and_the_oldest_first()
    {
        for (int day = 0; day < 5; day++)
            await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day + day, 100, null, "brand", 100), new BudgetSetting(Tenant, "c2", 0, Day + day, 100, null, "brand", 100));
        await CommitAsync(commit => commit.Adjustments.AddRange([.. Enumerable.Range(0, 5).Select(i => Adjust("c1", 10 + i))]));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => PruneAsync(AdjustmentsAreOld, atMost: 0));
        var results = new List<PruneResult>();
        do results.Add(await PruneAsync(AdjustmentsAreOld, atMost: 3));
        while (results[^1].HasMore);
        Assert.Equal([3, 3, 3, 1], results.Select(result => result.Days));
        Assert.Equal([1, 2, 1, 1], results.Select(result => result.Accounts));
        Assert.Equal([3, 2, 0, 0], results.Select(result => result.Adjustments));
        Assert.Equal([60L], (await Store.AdjustmentsAsync(Tenant, "c1", default)).Select(one => one.AmountNanos));
    }

    [Fact]
    public async Task Forgetting_while_others_lease_and_settle_loses_nothing()
    {
        const int Rounds = 30;
        await SetAsync(Settings());
        long lastDay = 0;
        Task[] forgetting = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref lastDay) == 0) await PruneAsync(AdjustmentsAreOld, atMost: 2);
        }))];
        long[] settled = await Task.WhenAll(Enumerable.Range(0, 3).Select(worker => Task.Run(async () =>
        {
            long sum = 0;
            for (int i = 0; i < Rounds; i++)
            {
                string campaign = $"c{worker}";
                if (i % 5 == 0) await SetAsync(Settings());
                LeaseGrant grant = await GrantAsync(campaign, $"n{worker}", 20);
                await CommitAsync(commit =>
                {
                    // Days without budgets, which the others forget meanwhile: only what is taken back of one must come in the same commit.
                    commit.Adjustments.AddRange([Adjust(campaign, 3, Day + 1), Adjust(campaign, 5, Day), Adjust(campaign, -2, Day + 1)]);
                    if (grant.LeaseId != 0) commit.Settlements.Add(new LeaseSettlement(grant.LeaseId, grant.GrantedNanos / 2));
                    if (grant.LeaseId != 0) commit.ClosedLeases.Add(grant.LeaseId);
                });
                sum += 6 + (grant.LeaseId == 0 ? 0 : grant.GrantedNanos / 2);
            }

            return sum;
        })));
        Volatile.Write(ref lastDay, 1);
        await Task.WhenAll(forgetting);
        while ((await PruneAsync(AdjustmentsAreOld)) is { HasMore: true } or { Days: > 0 })
        {
        }

        for (int worker = 0; worker < 3; worker++)
        {
            Assert.Equal(
                new BudgetRow(BudgetScope.Flight, $"c{worker}", 0, 1_000_000, settled[worker], 0), Assert.Single(await Store.BudgetsAsync(Tenant, $"c{worker}", default)));
            Assert.Equal([Rounds * 8L, Rounds * -2L], (await Store.AdjustmentsAsync(Tenant, $"c{worker}", default)).Select(one => one.AmountNanos));
        }

        static BudgetSetting[] Settings() => [.. Enumerable.Range(0, 3).Select(c => new BudgetSetting(Tenant, $"c{c}", 0, Day, 100_000, 1_000_000, "brand", 1_000_000))];
    }

    private async Task<PruneResult> PruneAsync(long nowTicks, int atMost = 1_000, TimeSpan? days = null)
        => await Store.PruneAsync(days is { } kept ? Retention with { Days = kept } : Retention, nowTicks, atMost, default);
}
