using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

public abstract partial class LedgerStoreContract
{
    [Fact]
    public async Task An_outside_bill_takes_what_its_lease_has_left_and_lists_the_rest()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, 5_000, "brand", 2_000));
        LeaseGrant lease = await GrantAsync("c1", "n2", 100);
        IReadOnlyList<Adjustment> listed = await CommitAsync(commit =>
        {
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 20));
            commit.OutsideBills.AddRange([new OutsideBill(lease.LeaseId, Adjust("c1", 60, Day + 5)), new OutsideBill(lease.LeaseId, Adjust("c1", 61, Day + 5)), new OutsideBill(lease.LeaseId, Adjust("c1", 7))]);
            commit.ClosedLeases.Add(lease.LeaseId);
        });

        // Their lease says on which day they count.
        Assert.Equal([Adjust("c1", 61) with { AmountNanos = 41, Cause = "lease-exhausted" }, Adjust("c1", 7) with { Cause = "lease-exhausted" }], listed);
        Assert.Equal(listed, await Store.AdjustmentsAsync(Tenant, "c1", default));
        Assert.All(await Store.BudgetsAsync(Tenant, "c1", default), row => Assert.Equal((148L, 0L), (row.SettledNanos, row.OutstandingNanos)));
        Assert.DoesNotContain(await Store.BudgetsAsync(Tenant, "c1", default), row => row.Period == Day + 5);
    }

    [Fact]
    public async Task An_outside_bill_of_an_ended_or_unknown_lease_is_late_and_one_of_another_campaigns_lease_is_foreign()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null), new BudgetSetting(Tenant, "c2", 1, Day, 1_000, null, null, null));
        LeaseGrant ended = await GrantAsync("c1", "n2", 100), other = await GrantAsync("c2", "n2", 100);
        await Store.ReturnAsync([ended.LeaseId], default);
        OutsideBill[] bills =
        [
            new(ended.LeaseId, Adjust("c1", 10, Day + 1)), new(999, Adjust("c1", 20, Day + 1)), new(other.LeaseId, Adjust("c1", 30, Day + 1)),
            new(other.LeaseId, Adjust("c2", 40) with { TenantId = "b" }), new(ended.LeaseId, Adjust("c1", 0)),
        ];
        Assert.Equal(
            [
                bills[0].Bill with { Day = Day, Cause = "late-win" }, bills[1].Bill with { Cause = "late-win" }, bills[2].Bill with { Cause = "foreign-lease" },
                bills[3].Bill with { Cause = "foreign-lease" },
            ],
            await CommitAsync(commit => commit.OutsideBills.AddRange(bills)));
        Assert.Equal((10L, 0L), ((await DayAsync("c1")).SettledNanos, (await DayAsync("c2")).SettledNanos));
        Assert.Equal(50, Assert.Single(await Store.BudgetsAsync(Tenant, "c1", default), row => row.Period == Day + 1).SettledNanos);
        Assert.Equal(100, (await DayAsync("c2")).OutstandingNanos);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => CommitAsync(commit => commit.OutsideBills.Add(new OutsideBill(other.LeaseId, Adjust("c2", -1)))));
    }

    [Fact]
    public async Task A_refund_may_take_back_what_an_outside_bill_of_the_same_commit_settled()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n2", 100);
        await CommitAsync(commit =>
        {
            commit.Adjustments.Add(Adjust("c1", -60));
            commit.OutsideBills.Add(new OutsideBill(lease.LeaseId, Adjust("c1", 60)));
        });
        Assert.Equal((0L, 40L), await DayAsync("c1") is var row ? (row.SettledNanos, row.OutstandingNanos) : default);
    }

    [Fact]
    public async Task Whose_a_lease_is_can_be_asked_for_open_and_ended_ones()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant open = await GrantAsync("c1", "n1", 10), ended = await GrantAsync("c1", "n2", 10);
        await Store.ReturnAsync([ended.LeaseId], default);
        Assert.Equal(
            [new LeaseOwner(open.LeaseId, Tenant, "c1", Day, "n1"), new LeaseOwner(ended.LeaseId, Tenant, "c1", Day, "n2")],
            await Store.FindLeasesAsync([ended.LeaseId, 999, open.LeaseId, ended.LeaseId], default));
        Assert.Empty(await Store.FindLeasesAsync([], default));
    }

    [Fact]
    public async Task Returned_leases_give_back_what_they_never_settled_all_or_none()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, 5_000, "brand", 2_000));
        LeaseGrant first = await GrantAsync("c1", "n1", 300), second = await GrantAsync("c1", "n2", 100);
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(first.LeaseId, 120)));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await Store.ReturnAsync([first.LeaseId, 999], default));
        Assert.Equal(280, (await DayAsync("c1")).OutstandingNanos);

        await Store.ReturnAsync([first.LeaseId], default);
        await Store.ReturnAsync([first.LeaseId], default);
        Assert.All(await Store.BudgetsAsync(Tenant, "c1", default), row => Assert.Equal((120L, 100L), (row.SettledNanos, row.OutstandingNanos)));
        Assert.Equal(second.LeaseId, Assert.Single((await LoadAsync()).Leases).LeaseId);
        Assert.NotEqual(first.LeaseId, (await GrantAsync("c1", "n1", 10)).LeaseId);
    }

    [Fact]
    public async Task Reclaim_leaves_a_nodes_own_leases()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant own = await GrantAsync("c1", "n1", 300, expires: 10), dead = await GrantAsync("c1", "n2", 200, expires: 10);
        Assert.Empty(await Store.ReclaimAsync("n1", 30, 20, default));
        Assert.Equal([dead.LeaseId], await Store.ReclaimAsync("n1", 31, 20, default));
        Assert.Equal([own.LeaseId], await Store.ReclaimAsync(null, 31, 20, default));
        Assert.Equal(0, (await DayAsync("c1")).OutstandingNanos);
    }

    [Fact]
    public async Task Nodes_are_alive_as_long_as_they_say_so()
    {
        Assert.Equal([new LiveNode("n2", 5)], await Store.HeartbeatAsync("n2", 1_000, 5, 100, default));
        Assert.Equal([new LiveNode("n1", 7), new LiveNode("n2", 5)], await Store.HeartbeatAsync("n1", 1_100, 7, 100, default));
        await _fixture.ReopenAsync();
        Assert.Equal([new LiveNode("n1", 8)], await Store.HeartbeatAsync("n1", 1_101, 8, 100, default));
        Assert.Equal([new LiveNode("n1", 8), new LiveNode("n2", 6)], await Store.HeartbeatAsync("n2", 1_150, 6, 100, default));
    }
}
