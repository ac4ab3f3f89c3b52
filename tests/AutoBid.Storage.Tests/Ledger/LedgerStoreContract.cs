using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

/// <summary>What every ledger store must do, whatever its database. A subclass names the database.</summary>
public abstract partial class LedgerStoreContract : IAsyncLifetime
{
    protected const string Tenant = "acme";
    protected const int Day = 20260801;

    private ILedgerFixture _fixture = null!;

    private protected ILedgerStore Store => _fixture.Store;

    protected abstract Task<ILedgerFixture> CreateAsync();

    /// <summary>Partitions 0 and 1 of 4, claimed by the first node.</summary>
    private protected IReadOnlyList<PartitionEpoch> Held { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        _fixture = await CreateAsync();
        Held = await ClaimAsync(Store, "n1", 0, 1);
    }

    public async ValueTask DisposeAsync()
    {
        if (_fixture is not null) await _fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_grant_debits_every_scope_of_its_campaign()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, 5_000, "brand", 2_000));
        LeaseGrant grant = await GrantAsync("c1", "n1", 300, expires: 50);

        Assert.True(grant.LeaseId > 0);
        Assert.Equal((300L, 700L, 50L), (grant.GrantedNanos, grant.RemainingNanos, grant.ExpiresTicks));
        Assert.Equal(
            [
                new BudgetRow(BudgetScope.Day, "c1", Day, 1_000, 0, 300),
                new BudgetRow(BudgetScope.Flight, "c1", 0, 5_000, 0, 300),
                new BudgetRow(BudgetScope.Account, "brand", Day, 2_000, 0, 300),
            ],
            await Store.BudgetsAsync(Tenant, "c1", default));
    }

    [Fact]
    public async Task The_tightest_scope_bounds_a_grant()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, 400, "brand", 900), new BudgetSetting(Tenant, "c2", 0, Day, 1_000, null, "brand", 900));
        Assert.Equal(400, (await GrantAsync("c1", "n1", 999)).GrantedNanos);
        LeaseGrant second = await GrantAsync("c2", "n1", 999);
        Assert.Equal((500L, 0L), (second.GrantedNanos, second.RemainingNanos));
        Assert.Equal(new LeaseGrant("c2", Day, 0, 0, 0, 0, 0, 0, 0), await GrantAsync("c2", "n2", 1));
    }

    [Fact]
    public async Task One_lease_per_node_and_day_grows_and_its_expiry_never_moves_back()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null), new BudgetSetting(Tenant, "c1", 0, Day + 1, 1_000, null, null, null));
        LeaseGrant first = await GrantAsync("c1", "n1", 100, expires: 50);
        LeaseGrant second = await GrantAsync("c1", "n1", 100, expires: 20);
        Assert.Equal((200L, 0L, 50L), (second.TotalGrantedNanos, second.SettledNanos, second.LifeTicks));
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(first.LeaseId, 30)));
        Assert.Equal((210L, 30L), (await GrantAsync("c1", "n1", 10)) is var third ? (third.TotalGrantedNanos, third.SettledNanos) : default);
        LeaseGrant other = await GrantAsync("c1", "n2", 100);
        LeaseGrant nextDay = await GrantAsync("c1", "n1", 100, day: Day + 1);

        Assert.Equal(first.LeaseId, second.LeaseId);
        Assert.Equal(50, second.ExpiresTicks);
        Assert.Equal(3, new[] { first.LeaseId, other.LeaseId, nextDay.LeaseId }.Distinct().Count());
    }

    [Fact]
    public async Task A_request_that_gets_nothing_still_renews_its_lease()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 100, null, null, null));
        LeaseGrant full = await GrantAsync("c1", "n1", 100, expires: 50);
        Assert.Equal(full with { GrantedNanos = 0, ExpiresTicks = 80, LifeTicks = 80 }, await GrantAsync("c1", "n1", 10, expires: 80));
        Assert.Equal(full with { GrantedNanos = 0, ExpiresTicks = 90, LifeTicks = 90 }, await GrantAsync("c1", "n1", 0, expires: 90));
    }

    [Fact]
    public async Task Requests_of_one_call_are_served_in_order()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 100, null, null, null));
        IReadOnlyList<LeaseGrant> grants = await Store.GrantAsync(
            [Request("c1", "n1", 60), Request("nobody", "n1", 10), Request("c1", "n2", 60), Request("c1", "n3", 60)], default);
        Assert.Equal([60L, 0L, 40L, 0L], grants.Select(grant => grant.GrantedNanos));
        Assert.Equal([40L, 0L, 0L, 0L], grants.Select(grant => grant.RemainingNanos));
        Assert.Equal(0, grants[1].LeaseId);
    }

    [Fact]
    public async Task A_negative_amount_is_refused_and_grants_nothing_to_the_others()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 100, null, null, null));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await Store.GrantAsync([Request("c1", "n1", 10), Request("c1", "n1", -1)], default));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await Store.SetBudgetsAsync([new BudgetSetting(Tenant, "c1", 0, Day, -1, null, null, null)], Held, default));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 100, 0, 0), await DayAsync("c1"));
    }

    [Fact]
    public async Task A_lowered_budget_stops_grants_and_is_reached_as_leases_return()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant first = await GrantAsync("c1", "n1", 500);
        LeaseGrant second = await GrantAsync("c1", "n2", 300);
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(first.LeaseId, 100)));

        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 250, null, null, null));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 800, 100, 700), await DayAsync("c1"));
        Assert.Equal((0L, 0L), ((await GrantAsync("c1", "n1", 10)).GrantedNanos, (await GrantAsync("c1", "n1", 10)).RemainingNanos));

        await CommitAsync(commit => commit.ClosedLeases.Add(first.LeaseId));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 400, 100, 300), await DayAsync("c1"));
        await CommitAsync(commit => commit.ClosedLeases.Add(second.LeaseId));
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 250, 100, 0), await DayAsync("c1"));
        Assert.Equal(150, (await GrantAsync("c1", "n1", 999)).GrantedNanos);
    }

    [Fact]
    public async Task A_flight_set_late_counts_what_was_spent_before()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        LeaseGrant lease = await GrantAsync("c1", "n1", 300);
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 200)));
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day + 1, 1_000, 700, null, null));
        Assert.Contains(new BudgetRow(BudgetScope.Flight, "c1", 0, 700, 200, 100), await Store.BudgetsAsync(Tenant, "c1", default));
        Assert.Equal(400, (await GrantAsync("c1", "n1", 999, day: Day + 1)).GrantedNanos);
    }

    [Fact]
    public async Task A_campaign_takes_its_day_along_to_another_account()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, "old", 900), new BudgetSetting(Tenant, "c2", 0, Day, 1_000, null, "old", null));
        LeaseGrant lease = await GrantAsync("c1", "n1", 300);
        await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 200)));
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, "new", 250));

        // 300 are used where only 250 may be: the budget shows what it cannot be below yet.
        Assert.Contains(new BudgetRow(BudgetScope.Account, "new", Day, 300, 200, 100), await Store.BudgetsAsync(Tenant, "c1", default));
        Assert.Contains(new BudgetRow(BudgetScope.Account, "old", Day, 900, 0, 0), await Store.BudgetsAsync(Tenant, "c2", default));
        await CommitAsync(commit =>
        {
            commit.ClosedLeases.Add(lease.LeaseId);
            commit.Adjustments.Add(Adjust("c1", -200));
        });
        Assert.Contains(new BudgetRow(BudgetScope.Account, "new", Day, 250, 0, 0), await Store.BudgetsAsync(Tenant, "c1", default));
    }

    [Fact]
    public async Task Tenants_with_equal_names_do_not_share_money()
    {
        await SetAsync(new BudgetSetting("a", "c1", 0, Day, 100, null, "brand", 100), new BudgetSetting("b", "c1", 0, Day, 100, null, "brand", 100));
        IReadOnlyList<LeaseGrant> grants = await Store.GrantAsync(
            [new LeaseRequest("a", "c1", Day, "n1", 100, 0, 10), new LeaseRequest("b", "c1", Day, "n1", 100, 0, 10)], default);
        Assert.Equal([100L, 100L], grants.Select(grant => grant.GrantedNanos));
        Assert.NotEqual(grants[0].LeaseId, grants[1].LeaseId);
        Assert.Empty(await Store.BudgetsAsync("c", "c1", default));
    }

    [Fact]
    public async Task Parallel_grants_hand_out_the_budget_exactly_once()
    {
        await SetAsync(new BudgetSetting(Tenant, "c1", 0, Day, 1_000, null, null, null));
        Task<long>[] nodes = [.. Enumerable.Range(0, 16).Select(node => Task.Run(async () =>
        {
            long granted = 0;
            for (int i = 0; i < 10; i++)
            {
                LeaseGrant grant = await GrantAsync("c1", $"n{node}", 17);
                granted += grant.GrantedNanos;
                if (grant.GrantedNanos > 0) await CommitAsync(commit => commit.Settlements.Add(new LeaseSettlement(grant.LeaseId, 1)));
            }

            return granted;
        }))];
        Assert.Equal(1_000, (await Task.WhenAll(nodes)).Sum());

        // 58 grants of 17 and one of 14, each of which settled 1.
        Assert.Equal(new BudgetRow(BudgetScope.Day, "c1", Day, 1_000, 59, 941), await DayAsync("c1"));
    }

    private protected static EventIdentity Identity(ulong number) => new(number * 0x9E3779B97F4A7C15, ulong.MaxValue - number);

    private protected static Adjustment Adjust(string campaign, long amount, int day = Day, string cause = "foreign")
        => new(Tenant, campaign, day, amount, cause, Identity((ulong)Math.Abs(amount)), 7);

    private protected static LeaseRequest Request(string campaign, string node, long amount, long expires = 10, int day = Day)
        => new(Tenant, campaign, day, node, amount, 0, expires);

    private protected static async Task<IReadOnlyList<PartitionEpoch>> ClaimAsync(ILedgerStore store, string node, params int[] partitions)
        => [.. (await store.ClaimAsync(node, partitions, 4, default)).Select(claim => new PartitionEpoch(claim.Partition, claim.Epoch))];

    private protected async Task<LedgerSnapshot> LoadAsync() => await Store.LoadAsync([0, 1], default);

    private protected async Task SetAsync(params BudgetSetting[] settings) => await Store.SetBudgetsAsync(settings, Held, default);

    private protected async Task<LeaseGrant> GrantAsync(string campaign, string node, long amount, long expires = 10, int day = Day)
        => Assert.Single(await Store.GrantAsync([Request(campaign, node, amount, expires, day)], default));

    private protected async Task<IReadOnlyList<Adjustment>> CommitAsync(Action<LedgerCommit> fill)
    {
        var commit = new LedgerCommit();
        commit.Epochs.AddRange(Held);
        fill(commit);
        return (await Store.CommitAsync(commit, default)).Adjustments;
    }

    private protected async Task<BudgetRow> DayAsync(string campaign)
        => Assert.Single(await Store.BudgetsAsync(Tenant, campaign, default), row => row.Scope == BudgetScope.Day && row.Period == Day);
}
