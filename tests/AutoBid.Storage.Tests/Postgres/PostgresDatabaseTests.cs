using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using AutoBid.Tests.Shared;
using Npgsql;

namespace AutoBid.Storage.Tests.Postgres;

public sealed class PostgresDatabaseTests(PostgresFixture postgres)
{
    private const int Day = 20260801;

    [Fact]
    public async Task Several_nodes_that_start_at_once_on_an_empty_database_agree()
    {
        string schema = await (await postgres.ServerAsync()).NewSchemaAsync();
        PostgresDatabase[] databases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostgresDatabase.OpenAsync(schema).AsTask()));
        Assert.Equal((long)PostgresMigrations.Embedded.Latest, await ScalarAsync(schema, "SELECT count(*) FROM schema_version"));
        await new PostgresApiKeyStore(databases[0]).AddAsync(new ApiKeyRow("p", new byte[32], "t", [], [], DateTime.UnixEpoch), default);
        Assert.NotNull(await new PostgresApiKeyStore(databases[3]).FindAsync("p", default));
        foreach (PostgresDatabase database in databases) await database.DisposeAsync();
    }

    [Fact]
    public async Task A_newer_schema_and_another_programs_are_refused()
    {
        PostgresServer server = await postgres.ServerAsync();
        string newer = await server.NewSchemaAsync(), foreign = await server.NewSchemaAsync();
        await (await PostgresDatabase.OpenAsync(newer)).DisposeAsync();
        await ScalarAsync(newer, "INSERT INTO schema_version VALUES (999, 'later')");
        Assert.Contains("schema version 999", (await RefusedAsync(newer)).Message, StringComparison.Ordinal);
        await ScalarAsync(foreign, "CREATE TABLE songs (title text)");
        Assert.Contains("another program's", (await RefusedAsync(foreign)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_the_version_before_it()
    {
        string schema = await (await postgres.ServerAsync()).NewSchemaAsync();
        (int, string, string) first = (1, "0001_a", "CREATE TABLE a (x integer); INSERT INTO a VALUES (1);");
        (int, string, string) broken = (2, "0002_b", "UPDATE a SET x = 100; CREATE TABLE a (x integer);");
        await Assert.ThrowsAsync<DatabaseOpenException>(async () => await PostgresDatabase.OpenAsync(schema, new PostgresMigrations([broken, first]), default));
        Assert.Equal(1, await ScalarAsync(schema, "SELECT x FROM a"));
        Assert.Equal(1, await ScalarAsync(schema, "SELECT max(version) FROM schema_version"));
        Assert.Throws<InvalidOperationException>(() => new PostgresMigrations([broken]));
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Username=u;Password=secret", "127.0.0.1:1")]
    [InlineData("Hosst=127.0.0.1;Password=secret", "connection string")]
    [InlineData("Username=u;Password=secret", "no Host")]
    [InlineData("secret", "connection string")]
    public async Task What_cannot_be_opened_is_said_without_the_password(string connection, string part)
    {
        DatabaseOpenException error = await RefusedAsync(connection);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leases_and_signs_of_life_of_several_nodes_go_by_the_databases_clock()
    {
        await using PostgresLedgerFixture ledger = await PostgresLedgerFixture.CreateAsync(postgres, eventTime: false);
        ILedgerStore store = ledger.Store;
        PartitionEpoch[] held = [new(0, (await store.ClaimAsync("n1", [0], 1, default))[0].Epoch)];
        await store.SetBudgetsAsync([new BudgetSetting("t", "c1", 0, Day, 1_000, null, null, null)], held, default);
        long before = await TicksAsync(ledger.ConnectionString), hour = TimeSpan.TicksPerHour;
        LeaseGrant lives = (await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 10, NowTicks: 5, hour)], default))[0];
        LeaseGrant dead = (await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n2", 10, NowTicks: long.MaxValue / 2, 1)], default))[0];
        long after = await TicksAsync(ledger.ConnectionString);
        Assert.InRange(lives.ExpiresTicks, before + hour, after + hour);
        Assert.Equal(hour, lives.LifeTicks);
        Assert.Equal(1, dead.LifeTicks);

        // A renewal for less leaves the longer life, less the time gone by.
        Assert.InRange((await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 0, 5, 1)], default))[0].LifeTicks, hour - TimeSpan.FromMinutes(1).Ticks, hour);
        Assert.Equal([dead.LeaseId], await store.ReclaimAsync(null, nowTicks: 0, 0, default));
        Assert.Empty(await store.ReclaimAsync(null, nowTicks: long.MaxValue, 0, default));

        await store.HeartbeatAsync("n2", nowTicks: 0, 1, hour, default);
        Assert.Equal([new LiveNode("n1", 2), new LiveNode("n2", 1)], await store.HeartbeatAsync("n1", nowTicks: long.MaxValue, 2, hour, default));
        Assert.Equal([new LiveNode("n1", 3)], await store.HeartbeatAsync("n1", 0, 3, 0, default));
    }

    [Theory]
    [InlineData("57P01", true)]
    [InlineData("57P03", true)]
    [InlineData("53100", true)]
    [InlineData("53300", true)]
    [InlineData("58030", true)]
    [InlineData("08006", true)]
    [InlineData("25006", true)]
    [InlineData("40P01", true)]
    [InlineData("23514", false)]
    [InlineData("42601", false)]
    [InlineData("22003", false)]
    public void Only_what_may_pass_makes_the_store_unavailable(string state, bool unavailable)
    {
        var error = new PostgresException("m", "ERROR", "ERROR", state);
        Assert.Equal(unavailable, PostgresErrors.Translate(error, "db") is StoreUnavailableException);
    }

    [Fact]
    public async Task The_table_itself_refuses_what_would_break_the_invariant()
    {
        await using PostgresLedgerFixture ledger = await PostgresLedgerFixture.CreateAsync(postgres);
        PartitionEpoch[] held = [new(0, (await ledger.Store.ClaimAsync("n1", [0], 1, default))[0].Epoch)];
        await ledger.Store.SetBudgetsAsync([new BudgetSetting("t", "c1", 0, Day, 100, null, null, null)], held, default);
        foreach (string breach in new[] { "outstanding = 101", "settled = 60, outstanding = 41", "settled = -1", "budget = 99" })
        {
            var error = await Assert.ThrowsAsync<PostgresException>(() => ScalarAsync(ledger.ConnectionString, $"UPDATE budget SET {breach} WHERE scope = 0"));
            Assert.Equal(PostgresErrorCodes.CheckViolation, error.SqlState);
        }
    }

    [Fact]
    public async Task A_server_that_dies_and_comes_back_is_worked_with_again()
    {
        if (PostgresServer.WhyNot is { } why) Assert.Skip(why);
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(PostgresServer.Variable))) Assert.Skip("the server is not ours to kill");
        await using PostgresServer server = await PostgresServer.StartAsync(own: true);
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync(server.ConnectionString);
        await using var store = new PostgresLedgerStore(database, eventTime: true);
        PartitionEpoch[] held = [new(0, (await store.ClaimAsync("n1", [0], 1, default))[0].Epoch)];
        await store.SetBudgetsAsync([new BudgetSetting("t", "c1", 0, Day, 1_000, null, null, null)], held, default);
        // Several pooled connections, all of which the server's death breaks.
        await Task.WhenAll(Enumerable.Range(0, 6).Select(node => store.GrantAsync([new LeaseRequest("t", "c1", Day, $"n{node}", 10, 0, 1)], default).AsTask()));

        server.Kill();
        for (int i = 0; i < 3; i++) await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 10, 0, 1)], default));
        await server.RestartAsync();
        LeaseGrant[] grants = [.. await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 10, 0, 1)], default)];
        Assert.Equal(20, grants[0].TotalGrantedNanos);
        Assert.Equal(70, Assert.Single(await store.BudgetsAsync("t", "c1", default)).OutstandingNanos);
    }

    private static async Task<DatabaseOpenException> RefusedAsync(string connection)
        => await Assert.ThrowsAsync<DatabaseOpenException>(async () => await PostgresDatabase.OpenAsync(connection));

    private static async Task<long> TicksAsync(string connection)
        => TimeSpan.TicksPerMicrosecond * (long)(await ScalarAsync(connection, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"))! + DateTime.UnixEpoch.Ticks;

    private static async Task<object?> ScalarAsync(string connection, string sql)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connection + ";Pooling=false");
        await using NpgsqlCommand command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
