using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

public abstract partial class LedgerStoreContract
{
    [Fact]
    public async Task A_claim_raises_the_epoch_and_tells_who_was_before()
    {
        Assert.Equal([new PartitionClaim(1, 2, 1, "n1"), new PartitionClaim(3, 1, 0, null)], await Store.ClaimAsync("n2", [1, 3], 4, default));
        await _fixture.ReopenAsync();
        Assert.Equal([new PartitionClaim(0, 2, 1, "n1"), new PartitionClaim(1, 3, 2, "n2")], await Store.ClaimAsync("n1", [0, 1], 4, default));
    }

    [Fact]
    public async Task Another_partition_count_is_refused_with_both_counts()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await Store.ClaimAsync("n2", [0], 6, default));
        Assert.Contains("4 partitions", error.Message, StringComparison.Ordinal);
        Assert.Contains("has 6", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.ClaimAsync("n2", [4], 4, default));
        Assert.Equal(1, Assert.Single(await Store.ClaimAsync("n2", [0], 4, default)).PreviousEpoch);
    }

    [Fact]
    public async Task An_owner_that_was_replaced_commits_nothing_and_sets_no_budget()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n1", 300);
        await CommitAsync(commit => commit.Offsets = [new PartitionOffset("t", 0, 5)]);
        IReadOnlyList<PartitionEpoch> stale = Held;
        await ClaimAsync(Store, "n2", 1);

        var error = await Assert.ThrowsAsync<FencedException>(() => CommitAsync(commit =>
        {
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 100));
            commit.OutsideBills.Add(new OutsideBill(lease.LeaseId, Adjust("c1", 50)));
            commit.Adjustments.Add(Adjust("c1", 40));
            commit.ClosedLeases.Add(lease.LeaseId);
            commit.States.Add(new CampaignState(Tenant, "c1", 0, Day, [2]));
            commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, 1, [1]));
            commit.Offsets = [new PartitionOffset("t", 0, 6)];
        }));
        Assert.Equal((1, 1L, 2L), (error.Partition, error.HeldEpoch, error.StoredEpoch));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 1_000, 0, 300), await DayAsync("c1"));
        LedgerSnapshot snapshot = await LoadAsync();
        Assert.Empty(snapshot.States);
        Assert.Empty(snapshot.Seen);
        Assert.Equal(new PartitionOffset("t", 0, 5), Assert.Single(snapshot.Offsets));
        Assert.Single(snapshot.Leases);
        Assert.Empty(await Store.AdjustmentsAsync(Tenant, "c1", default));

        await Assert.ThrowsAsync<FencedException>(() => SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 9, null, null, null)));
        Assert.Equal(1_000, (await DayAsync("c1")).BudgetNanos);

        // What it still owns it may go on with.
        Held = [.. stale.Where(held => held.Partition == 0)];
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 100)));
        Assert.Equal(100, (await DayAsync("c1")).SettledNanos);
    }

    [Fact]
    public async Task A_partition_that_nobody_claimed_cannot_be_committed_to()
    {
        foreach (long epoch in new[] { 0, 1 })
        {
            Held = [new PartitionEpoch(3, epoch)];
            await Assert.ThrowsAsync<FencedException>(() => CommitAsync(commit => commit.Offsets = [new PartitionOffset("t", 3, 1)]));
        }

        Assert.Empty((await Store.LoadAsync([3], default)).Offsets);
    }

    [Fact]
    public async Task Rows_of_a_partition_need_its_epoch()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(commit => commit.Offsets = [new PartitionOffset("t", 2, 1)]));
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(commit => commit.States.Add(new CampaignState(Tenant, "c", 2, 0, [1]))));
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(commit => commit.Seen.Add(new SeenBlock(2, SeenKind.Ids, 0, [1]))));
        await Assert.ThrowsAsync<ArgumentException>(() => SetAsync(new BudgetSetting(Tenant, "c1", 2, Day, 1, null, null, null)));
        Held = [];
        await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(commit => commit.States.Add(new CampaignState(Tenant, "c", 0, 0, [1]))));
    }

    [Fact]
    public async Task A_restart_finds_what_the_last_commits_left_of_its_partitions()
    {
        await CommitAsync(commit =>
        {
            commit.States.Add(new CampaignState(Tenant, "c1", 0, Day, [1, 2, 3]));
            commit.States.Add(new CampaignState(Tenant, "c1", 0, Day + 1, [4]));
            commit.States.Add(new CampaignState(Tenant, "c2", 1, Day, [6]));
            commit.States.Add(new CampaignState("b", "c1", 0, Day, [5]));
            commit.Offsets = [new PartitionOffset("t", 1, 5), new PartitionOffset("t", 0, 4)];
        });
        await CommitAsync(commit =>
        {
            commit.States.Add(new CampaignState(Tenant, "c1", 0, Day, [9]));
            commit.States.Add(new CampaignState("b", "c1", 0, Day, []));
            commit.Offsets = [new PartitionOffset("t", 1, 50)];
        });
        await _fixture.ReopenAsync();

        LedgerSnapshot first = await Store.LoadAsync([0], default);
        Assert.Equal(
            [(Tenant, "c1", 0, Day, "09"), (Tenant, "c1", 0, Day + 1, "04")],
            first.States.Select(state => (state.TenantId, state.CampaignId, state.Partition, state.Day, Convert.ToHexString(state.Blob))));
        Assert.Equal([new PartitionOffset("t", 0, 4)], first.Offsets);
        LedgerSnapshot second = await Store.LoadAsync([1, 2], default);
        Assert.Equal("c2", Assert.Single(second.States).CampaignId);
        Assert.Equal([new PartitionOffset("t", 1, 50)], second.Offsets);
        Assert.Equal(2, (await LoadAsync()).Offsets.Count);
    }

    [Fact]
    public async Task Open_leases_come_to_the_owner_of_their_campaigns_partition()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, "brand", 900), new BudgetSetting(Tenant, "c2", 1, Day, 1_000, null, "brand", 900));
        LeaseGrant first = await GrantAsync("c1", "n1", 10), second = await GrantAsync("c2", "n1", 20);
        Assert.Equal(first.LeaseId, Assert.Single((await Store.LoadAsync([0], default)).Leases).LeaseId);
        Assert.Equal(second.LeaseId, Assert.Single((await Store.LoadAsync([1], default)).Leases).LeaseId);
        Assert.Equal(2, (await LoadAsync()).Leases.Count);
        Assert.Empty((await Store.LoadAsync([], default)).Leases);
    }

    [Fact]
    public async Task Dedupe_blocks_are_appended_replaced_and_dropped_by_key()
    {
        await CommitAsync(commit => commit.Seen.AddRange([new SeenBlock(0, SeenKind.Ids, 7, [1]), new SeenBlock(0, SeenKind.Bids, 7, [2]), new SeenBlock(1, SeenKind.Ids, 7, [3])]));
        await CommitAsync(commit => commit.Seen.AddRange([new SeenBlock(0, SeenKind.Ids, 7, [4]), new SeenBlock(0, SeenKind.Ids, -8, [5])]));
        Assert.Equal(["0 Ids -8 05", "0 Ids 7 01", "0 Ids 7 04", "0 Bids 7 02", "1 Ids 7 03"], await SeenAsync(0, 1));

        await CommitAsync(commit =>
        {
            commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, 7, [6]));
            commit.SeenReplaced.Add(new SeenBlock(0, SeenKind.Ids, 7, [7]));
            commit.SeenDropped.AddRange([new SeenKey(0, SeenKind.Ids, -8), new SeenKey(0, SeenKind.Bids, 99)]);
        });
        await _fixture.ReopenAsync();
        Assert.Equal(["0 Ids 7 07", "0 Ids 7 06", "0 Bids 7 02"], await SeenAsync(0));
        Assert.Equal(["1 Ids 7 03"], await SeenAsync(1, 2));
    }

    [Fact]
    public async Task A_commit_that_comes_again_is_applied_once_and_answered_alike()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n2", 100);
        void Fill(LedgerCommit commit)
        {
            commit.Sequence = 5;
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 10));
            commit.OutsideBills.AddRange([new OutsideBill(lease.LeaseId, Adjust("c1", 50)), new OutsideBill(lease.LeaseId, Adjust("c1", 70)), new OutsideBill(999, Adjust("c1", 5))]);
            commit.Adjustments.Add(Adjust("c1", 3));
            commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, 1, [1]));
            commit.Offsets = [new PartitionOffset("t", 0, 6)];
        }

        IReadOnlyList<Adjustment> first = await CommitAsync(Fill);
        Assert.Equal([(30L, "lease-exhausted"), (5L, "late-win")], first.Select(one => (one.AmountNanos, one.Cause)));
        Assert.Equal(first, await CommitAsync(Fill));
        await _fixture.ReopenAsync();
        Assert.Equal(first, await CommitAsync(Fill));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 1_000, 138, 0), await DayAsync("c1"));
        Assert.Single(await SeenAsync(0));
        Assert.Equal(3, (await Store.AdjustmentsAsync(Tenant, "c1", default)).Count);

        // A smaller number is no repeat but a mistake; a new owner counts anew.
        await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit => commit.Sequence = 4));
        await CommitAsync(commit => commit.Sequence = 9);
        Held = [.. await ClaimAsync(Store, "n2", 1), Held[0]];
        await Assert.ThrowsAsync<InvalidOperationException>(() => CommitAsync(commit => commit.Sequence = 9));
        Held = await ClaimAsync(Store, "n2", 0, 1);
        await CommitAsync(commit => commit.Sequence = 1);
    }

    private async Task<string[]> SeenAsync(params int[] partitions)
        => [.. (await Store.LoadAsync(partitions, default)).Seen.Select(block => $"{block.Partition} {block.Kind} {block.Key} {Convert.ToHexString(block.Blob)}")];
}
