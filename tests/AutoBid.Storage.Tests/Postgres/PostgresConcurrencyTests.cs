using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using Npgsql;

namespace AutoBid.Storage.Tests.Postgres;

/// <summary>Several nodes on one database at once.</summary>
public sealed class PostgresConcurrencyTests(PostgresFixture postgres)
{
    private const int Day = 20260801;
    private const int Nodes = 4;
    private const int Campaigns = 8;

    [Fact]
    public async Task Nodes_that_grant_commit_return_and_change_accounts_at_once_never_wait_in_a_circle()
    {
        await using PostgresLedgerFixture ledger = await PostgresLedgerFixture.CreateAsync(postgres);
        long deadlocks = await DeadlocksAsync(ledger.ConnectionString);
        long[] settled = await Task.WhenAll(Enumerable.Range(0, Nodes).Select(node => Task.Run(() => PlayAsync(ledger.Store, node))));
        Assert.Equal(deadlocks, await DeadlocksAsync(ledger.ConnectionString));

        // Every scope holds exactly what its campaigns' leases and adjustments say.
        Assert.Equal(settled.Sum(), await NumberAsync(ledger.ConnectionString, "SELECT sum(settled)::bigint FROM budget WHERE scope = 0"));
        foreach (string scope in new[] { "day_budget", "flight_budget", "account_budget" })
        {
            Assert.Equal(0, await NumberAsync(
                ledger.ConnectionString,
                $"""
                SELECT count(*) FROM budget b JOIN (
                    SELECT d.{scope} AS id, sum(coalesce(l.settled, 0)) AS settled, sum(coalesce(l.outstanding, 0)) AS outstanding
                    FROM campaign_day d LEFT JOIN (
                        SELECT campaign_day, sum(settled) AS settled, sum(granted - settled) FILTER (WHERE state = 0) AS outstanding FROM lease GROUP BY campaign_day) l
                        ON l.campaign_day = d.campaign_day_id
                    GROUP BY d.{scope}) e ON e.id = b.budget_id
                LEFT JOIN (
                    SELECT d.{scope} AS id, sum(a.amount) AS amount FROM adjustment a JOIN campaign_day d ON (d.tenant, d.campaign, d.day) = (a.tenant, a.campaign, a.day)
                    GROUP BY d.{scope}) a ON a.id = b.budget_id
                WHERE b.settled <> e.settled + coalesce(a.amount, 0) OR b.outstanding <> e.outstanding
                """));
        }
    }

    [Fact]
    public async Task A_day_that_is_made_while_a_grant_waits_for_its_locks_is_not_granted_from()
    {
        await using PostgresLedgerFixture ledger = await PostgresLedgerFixture.CreateAsync(postgres);
        PartitionEpoch[] held = [new(0, (await ledger.Store.ClaimAsync("n1", [0], 1, default))[0].Epoch)];
        await SetAsync("c0");
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(ledger.ConnectionString);
        await using NpgsqlConnection other = await source.OpenConnectionAsync();
        await using NpgsqlTransaction holding = await other.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("SELECT 1 FROM budget WHERE id = 'c0' FOR NO KEY UPDATE", other)) await hold.ExecuteNonQueryAsync();

        Task<IReadOnlyList<LeaseGrant>> granting = ledger.Store.GrantAsync(
            [new LeaseRequest("t", "c0", Day, "n1", 10, 0, 1), new LeaseRequest("t", "c1", Day, "n1", 10, 0, 1)], default).AsTask();
        // Whoever waits for a row holds its tuple lock meanwhile; the table is this schema's.
        while (await NumberAsync(ledger.ConnectionString, "SELECT count(*) FROM pg_locks WHERE locktype = 'tuple' AND relation = 'budget'::regclass") == 0)
            Assert.False(granting.IsCompleted);
        await SetAsync("c1");
        await holding.CommitAsync();

        IReadOnlyList<LeaseGrant> grants = await granting;
        Assert.Equal((10, 0, 0), (grants[0].GrantedNanos, grants[1].GrantedNanos, grants[1].LeaseId));
        Assert.Equal(0, (await ledger.Store.BudgetsAsync("t", "c1", default))[0].OutstandingNanos);

        async Task SetAsync(string campaign) => await ledger.Store.SetBudgetsAsync([new BudgetSetting("t", campaign, 0, Day, 100, 100, null, null)], held, default);
    }

    [Fact]
    public async Task What_waits_while_a_day_is_forgotten_finds_it_gone()
    {
        await using PostgresLedgerFixture ledger = await PostgresLedgerFixture.CreateAsync(postgres);
        PartitionEpoch[] held = [new(0, (await ledger.Store.ClaimAsync("n1", [0], 1, default))[0].Epoch)];
        await ledger.Store.SetBudgetsAsync([new BudgetSetting("t", "c0", 0, Day, 100, 100, "brand", 100)], held, default);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(ledger.ConnectionString);
        await using NpgsqlConnection other = await source.OpenConnectionAsync();
        await using NpgsqlTransaction forgetting = await other.BeginTransactionAsync();
        await using (var call = new NpgsqlCommand($"SELECT out_days + out_accounts FROM ledger_prune({Day + 1}, 0, 10)", other)) Assert.Equal(2, await call.ExecuteScalarAsync());

        // Another node does not wait for it.
        Assert.Equal(default, await ledger.Store.PruneAsync(new LedgerRetention(), new DateTime(2030, 1, 1).Ticks, 10, default));
        Task<IReadOnlyList<LeaseGrant>> granting = ledger.Store.GrantAsync([new LeaseRequest("t", "c0", Day, "n1", 10, 0, 1)], default).AsTask();
        var bill = new Adjustment("t", "c0", Day, 7, "foreign-bid", new EventIdentity(1, 2), 3);
        var commit = new LedgerCommit();
        commit.Epochs.AddRange(held);
        commit.Adjustments.Add(bill);
        Task<CommitResult> committing = ledger.Store.CommitAsync(commit, default).AsTask();
        const string Waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'ledger_(commit|grant)' AND datname = current_database()";
        while (await NumberAsync(ledger.ConnectionString, Waiting) < 2)
            Assert.False(committing.IsCompleted || granting.IsCompleted);
        await forgetting.CommitAsync();

        await committing;
        Assert.Equal(0, Assert.Single(await granting).GrantedNanos);
        Assert.Equal(
            [new BudgetRow(BudgetScope.Day, "c0", Day, 0, 7, 0), new BudgetRow(BudgetScope.Flight, "c0", 0, 100, 7, 0)], await ledger.Store.BudgetsAsync("t", "c0", default));
    }

    [Fact]
    public async Task What_is_old_is_said_by_the_databases_clock()
    {
        await using PostgresLedgerFixture ledger = await PostgresLedgerFixture.CreateAsync(postgres, eventTime: false);
        PartitionEpoch[] held = [new(0, (await ledger.Store.ClaimAsync("n1", [0], 1, default))[0].Epoch)];
        await ledger.Store.SetBudgetsAsync([.. new[] { 20200101, 29990101 }.Select(day => new BudgetSetting("t", "c0", 0, day, 100, null, null, null))], held, default);
        Assert.Equal(new PruneResult(1, 0, 0, 0, false), await ledger.Store.PruneAsync(new LedgerRetention(), DateTime.MaxValue.Ticks, 10, default));
        Assert.Equal(29990101, Assert.Single(await ledger.Store.BudgetsAsync("t", "c0", default)).Period);
    }

    [Fact]
    public async Task A_commit_that_waited_for_a_claim_is_fenced()
    {
        await using PostgresLedgerFixture ledger = await PostgresLedgerFixture.CreateAsync(postgres);
        await ledger.Store.ClaimAsync("n1", [0], 1, default);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(ledger.ConnectionString);
        await using NpgsqlConnection other = await source.OpenConnectionAsync();
        await using NpgsqlTransaction claim = await other.BeginTransactionAsync();
        await using (var call = new NpgsqlCommand("SELECT ledger_claim('n2', ARRAY[0], 1)", other)) await call.ExecuteNonQueryAsync();

        var commit = new LedgerCommit { Offsets = [new PartitionOffset("t", 0, 7)] };
        commit.Epochs.Add(new PartitionEpoch(0, 1));
        Task<CommitResult> committing = ledger.Store.CommitAsync(commit, default).AsTask();
        while (await NumberAsync(ledger.ConnectionString, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%ledger_commit%' AND datname = current_database()") == 0)
            Assert.False(committing.IsCompleted);
        await claim.CommitAsync();
        Assert.Equal(2, (await Assert.ThrowsAsync<FencedException>(() => committing)).StoredEpoch);
        Assert.Empty((await ledger.Store.LoadAsync([0], default)).Offsets);
    }

    [Fact]
    public async Task Two_creations_under_one_idempotency_key_make_one_campaign()
    {
        string schema = await postgres.TakeSchemaAsync();
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync(schema);
        var store = new PostgresCampaignStore(database);
        for (int round = 0; round < 5; round++)
        {
            Core.Campaigns.Campaign campaign = new()
            {
                Id = $"c{round}",
                TenantId = "t",
                Objective = Core.Campaigns.Objective.TargetCpa,
                Target = 5,
                DailyBudgetNanos = 1_000,
            };
            (Core.Campaigns.Campaign Stored, bool Created)?[] answers =
                await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () => await store.CreateOnceAsync(campaign, $"key{round}", default))));
            Assert.All(answers, answer => Assert.Equal(campaign.Id, answer!.Value.Stored.Id));
            Assert.Single(answers, answer => answer!.Value.Created);
        }

        Assert.Equal(5, (await store.OutboxAsync(100, default)).Count);
        postgres.Return(schema);
    }

    /// <summary>One node: its own partition's budgets and commits, leases on everybody's campaigns. Returns what it settled.</summary>
    private static async Task<long> PlayAsync(ILedgerStore store, int node)
    {
        var random = new Random(node);
        long settled = 0, number = 0;
        PartitionEpoch[] held = [new(node, (await store.ClaimAsync($"n{node}", [node], Nodes, default))[0].Epoch)];
        await SetAsync(Enumerable.Range(0, Campaigns).Where(c => c % Nodes == node));
        for (int round = 0; round < 25; round++)
        {
            // In any order, so that only the store's own can keep them apart.
            int[] campaigns = [.. Enumerable.Range(0, Campaigns).OrderBy(_ => random.Next()).Take(random.Next(1, 6))];
            IReadOnlyList<LeaseGrant> grants = await store.GrantAsync([.. campaigns.Select(c => new LeaseRequest("t", $"c{c}", Day, $"n{node}", random.Next(200), 0, round + 1))], default);
            var commit = new LedgerCommit { Sequence = round + 1 };
            commit.Epochs.AddRange(held);
            foreach (LeaseGrant grant in grants.Where(grant => grant.TotalGrantedNanos - grant.SettledNanos > 3))
            {
                long left = grant.TotalGrantedNanos - grant.SettledNanos;
                commit.Settlements.Add(new LeaseSettlement(grant.LeaseId, left / 3));
                commit.OutsideBills.Add(new OutsideBill(grant.LeaseId, Bill(grant.CampaignId, left / 2)));
                commit.OutsideBills.Add(new OutsideBill(grant.LeaseId, Bill(campaigns.Length > 3 ? "c0" : grant.CampaignId, left / 4)));
                settled += (left / 3) + (left / 2) + (left / 4);
            }

            int adjusted = random.Next(Campaigns);
            commit.Adjustments.Add(Bill($"c{adjusted}", 5) with { Cause = "foreign-bid" });
            settled += 5;
            await store.CommitAsync(commit, default);
            if (round % 5 == 4) await SetAsync(Enumerable.Range(0, Campaigns).Where(c => c % Nodes == node));
            if (round % 3 == 2) await store.ReturnAsync([.. grants.Where(grant => grant.LeaseId > 0).Select(grant => grant.LeaseId)], default);
            if (round % 7 == 6) await store.ReclaimAsync($"n{node}", 2, 1, default);
        }

        return settled;

        Adjustment Bill(string campaign, long nanos) => new("t", campaign, Day, nanos, "", new EventIdentity((ulong)node, (ulong)++number), 1);

        async Task SetAsync(IEnumerable<int> campaigns) => await store.SetBudgetsAsync(
            [.. campaigns.Select(c => new BudgetSetting("t", $"c{c}", node, Day, 100_000, 1_000_000, $"a{random.Next(3)}", 1_000_000))], held, default);
    }

    private static Task<long> DeadlocksAsync(string connection)
        => NumberAsync(connection, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");

    private static async Task<long> NumberAsync(string connection, string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connection + ";Pooling=false");
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
