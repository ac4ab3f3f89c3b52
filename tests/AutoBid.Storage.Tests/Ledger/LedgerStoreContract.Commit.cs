using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

public abstract partial class LedgerStoreContract
{
    [Fact]
    public async Task A_bill_moves_outstanding_to_settled_in_every_scope()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, 5_000, "brand", 2_000));
        LeaseGrant lease = await GrantAsync("c1", "n1", 300);
        await CommitAsync(commit =>
        {
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 100));
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 50));
        });
        Assert.All(await Store.BudgetsAsync(Tenant, "c1", default), row => Assert.Equal((150L, 150L), (row.SettledNanos, row.OutstandingNanos)));
        OpenLease open = Assert.Single((await LoadAsync()).Leases);
        Assert.Equal(new OpenLease(lease.LeaseId, Tenant, "c1", Day, "n1", 300, 150, 10), open);
    }

    [Fact]
    public async Task A_lease_cannot_settle_more_than_it_was_granted_and_then_nothing_of_the_commit_applies()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n1", 300);
        foreach (LeaseSettlement bad in new[] { new LeaseSettlement(lease.LeaseId, 201), new(lease.LeaseId, -1), new(lease.LeaseId + 1, 1) })
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit =>
            {
                commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 100));
                commit.Settlements.Add(bad);
                commit.States.Add(new CampaignState(Tenant, "c1", 0, Day, [1]));
                commit.Offsets = [new PartitionOffset("t", 0, 5)];
            }));
        }

        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 1_000, 0, 300), await DayAsync("c1"));
        LedgerSnapshot snapshot = await LoadAsync();
        Assert.Empty(snapshot.States);
        Assert.Empty(snapshot.Offsets);
    }

    [Fact]
    public async Task A_commit_that_fails_at_its_last_row_leaves_the_earlier_state()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n1", 300);
        await CommitAsync(commit =>
        {
            commit.States.Add(new CampaignState(Tenant, "c1", 0, Day, [1]));
            commit.Offsets = [new PartitionOffset("t", 0, 5)];
        });
        await Assert.ThrowsAnyAsync<Exception>(() => CommitAsync(commit =>
        {
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 100));
            commit.Adjustments.Add(Adjust("c1", 40));
            commit.ClosedLeases.Add(lease.LeaseId);
            commit.States.Add(new CampaignState(Tenant, "c1", 0, Day, [2]));
            commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, 7, [1]));
            commit.Offsets = [new PartitionOffset("t", 0, 6), new PartitionOffset(null!, 0, 0)];
        }));

        await _fixture.ReopenAsync();
        LedgerSnapshot snapshot = await LoadAsync();
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 1_000, 0, 300), await DayAsync("c1"));
        Assert.Equal([1], Assert.Single(snapshot.States).Blob);
        Assert.Equal(new PartitionOffset("t", 0, 5), Assert.Single(snapshot.Offsets));
        Assert.Empty(snapshot.Seen);
        Assert.Single(snapshot.Leases);
        Assert.Empty(await Store.AdjustmentsAsync(Tenant, "c1", default));
    }

    [Fact]
    public async Task An_adjustment_may_exceed_the_budget_and_is_listed()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 100, null, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n1", 100);
        Adjustment late = Adjust("c1", 30, cause: "win-after-hold");
        await CommitAsync(commit => commit.Adjustments.Add(late));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 100, 30, 100), await DayAsync("c1"));
        Assert.Equal(0, (await GrantAsync("c1", "n1", 10)).RemainingNanos);

        Adjustment correction = Adjust("c1", -30, cause: "correction");
        await CommitAsync(commit =>
        {
            commit.Adjustments.Add(correction);
            commit.ClosedLeases.Add(lease.LeaseId);
        });
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 100, 0, 0), await DayAsync("c1"));
        Assert.Equal([late, correction], await Store.AdjustmentsAsync(Tenant, "c1", default));
        Assert.Empty(await Store.AdjustmentsAsync("other", "c1", default));
    }

    [Fact]
    public async Task A_correction_cannot_take_settled_below_zero()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 100, null, null, null));
        await CommitAsync(commit => commit.Adjustments.Add(Adjust("c1", 30)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit => commit.Adjustments.Add(Adjust("c1", -31))));
        Assert.Equal(30, (await DayAsync("c1")).SettledNanos);
        Assert.Single(await Store.AdjustmentsAsync(Tenant, "c1", default));
    }

    [Fact]
    public async Task Money_that_comes_before_its_budget_is_counted_and_grants_nothing()
    {
        await CommitAsync(commit => commit.Adjustments.Add(Adjust("c1", 30)));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 0, 30, 0), await DayAsync("c1"));
        Assert.Equal(0, (await GrantAsync("c1", "n1", 10)).GrantedNanos);
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 100, null, "brand", 90));
        Assert.Equal(60, (await GrantAsync("c1", "n1", 999)).GrantedNanos);
    }

    [Fact]
    public async Task A_closed_lease_returns_what_it_never_settled_and_settles_no_more()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n1", 300);
        await CommitAsync(commit =>
        {
            commit.ClosedLeases.Add(lease.LeaseId);
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 100));
        });
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 1_000, 100, 0), await DayAsync("c1"));
        Assert.Empty((await LoadAsync()).Leases);

        await CommitAsync(commit => commit.ClosedLeases.Add(lease.LeaseId));
        Assert.Equal(0, (await DayAsync("c1")).OutstandingNanos);
        await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 1))));
        await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit => commit.ClosedLeases.Add(lease.LeaseId + 7)));

        LeaseGrant next = await GrantAsync("c1", "n1", 10);
        Assert.True(next.LeaseId > lease.LeaseId);
    }

    [Fact]
    public async Task Reclaim_returns_only_what_expired_before_the_given_time()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, 2_000, "brand", 3_000));
        LeaseGrant dead = await GrantAsync("c1", "n1", 300, expires: 49);
        LeaseGrant live = await GrantAsync("c1", "n2", 200, expires: 50);
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(dead.LeaseId, 120)));

        Assert.Equal([dead.LeaseId], await Store.ReclaimAsync(null, 60, 10, default));
        Assert.All(await Store.BudgetsAsync(Tenant, "c1", default), row => Assert.Equal((120L, 200L), (row.SettledNanos, row.OutstandingNanos)));
        Assert.Empty(await Store.ReclaimAsync(null, 60, 10, default));
        Assert.Equal(live.LeaseId, Assert.Single((await LoadAsync()).Leases).LeaseId);

        // The node may still end the lease that was taken from it.
        await CommitAsync(commit => commit.ClosedLeases.Add(dead.LeaseId));
        Assert.Equal(200, (await DayAsync("c1")).OutstandingNanos);
    }

    [Fact]
    public async Task What_is_cancelled_before_it_begins_has_no_effect()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 100, null, null, null));
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.GrantAsync([Request("c1", "n1", 10)], cancelled));
        Assert.Equal(0, (await DayAsync("c1")).OutstandingNanos);
    }
}
