using AutoBid.Engine.Ports;
using AutoBid.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace AutoBid.Storage.Tests.Sqlite;

public sealed class SqliteDatabaseTests
{
    [Fact]
    public async Task An_empty_file_gets_the_schema_and_an_up_to_date_one_keeps_its_rows()
    {
        using var folder = new TempFolder();
        string path = folder[Path.Combine("new", "folder", "a.db")];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, []);
        await using (SqliteDatabase database = await SqliteDatabase.OpenAsync(path))
        {
            Assert.Equal(SchemaMigrations.Embedded.Latest, await VersionAsync(database));
            await new SqliteApiKeyStore(database).AddAsync(new ApiKeyRow("p", new byte[32], "t", [], [], DateTime.UnixEpoch), default);
        }

        Assert.False(File.Exists(path + "-wal"));
        await using (SqliteDatabase database = await SqliteDatabase.OpenAsync(path))
        {
            Assert.Equal(SchemaMigrations.Embedded.Latest, await VersionAsync(database));
            Assert.NotNull(await new SqliteApiKeyStore(database).FindAsync("p", default));
        }
    }

    [Fact]
    public async Task The_folder_is_made_and_two_openers_of_one_new_file_agree()
    {
        using var folder = new TempFolder();
        string path = folder[Path.Combine("new", "a.db")];
        SqliteDatabase[] databases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => SqliteDatabase.OpenAsync(path).AsTask()));
        foreach (SqliteDatabase database in databases)
        {
            Assert.Equal(SchemaMigrations.Embedded.Latest, await VersionAsync(database));
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_writer_flushes_every_commit_and_keeps_a_write_ahead_log()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        Assert.Equal("wal", await database.WriteAsync(session => Text(session, "PRAGMA journal_mode"), default));
        Assert.Equal("2", await database.WriteAsync(session => Text(session, "PRAGMA synchronous"), default));
        Assert.Equal("1", await database.WriteAsync(session => Text(session, "PRAGMA foreign_keys"), default));
        Assert.Equal("ok", await database.WriteAsync(session => Text(session, "PRAGMA integrity_check"), default));
        await Assert.ThrowsAsync<SqliteException>(async () => await database.ReadAsync(session => Text(session, "DELETE FROM seen_block RETURNING 'x'"), default));
    }

    [Fact]
    public async Task A_newer_schema_is_refused_and_left_alone()
    {
        using var folder = new TempFolder();
        string path = folder["a.db"];
        await using (SqliteDatabase database = await SqliteDatabase.OpenAsync(path))
        {
            await database.WriteAsync(
                session =>
                {
                    session.Execute("INSERT INTO schema_version VALUES (999, 'later')");
                    return 0;
                },
                default);
        }

        byte[] before = await File.ReadAllBytesAsync(path);
        var error = await Assert.ThrowsAsync<DatabaseOpenException>(async () => await SqliteDatabase.OpenAsync(path));
        Assert.Contains("schema version 999", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task Another_programs_database_and_a_file_that_is_none_are_refused()
    {
        using var folder = new TempFolder();
        using (var foreign = new SqliteConnection($"Data Source={folder["foreign.db"]};Pooling=False"))
        {
            foreign.Open();
            using SqliteCommand command = foreign.CreateCommand();
            command.CommandText = "CREATE TABLE songs (title TEXT)";
            command.ExecuteNonQuery();
        }

        await File.WriteAllTextAsync(folder["text.db"], string.Join('\n', Enumerable.Repeat("this is no database", 300)));
        Directory.CreateDirectory(folder["folder.db"]);
        foreach (string name in new[] { "foreign.db", "text.db", "folder.db" })
        {
            var error = await Assert.ThrowsAsync<DatabaseOpenException>(async () => await SqliteDatabase.OpenAsync(folder[name]));
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Migrations_apply_in_order_and_one_that_fails_leaves_the_version_before_it()
    {
        using var folder = new TempFolder();
        string path = folder["a.db"];
        (int, string, string) first = (1, "0001_a", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);");
        (int, string, string) second = (2, "0002_b", "UPDATE a SET x = x + 1;");
        (int, string, string) broken = (3, "0003_c", "UPDATE a SET x = 100; CREATE TABLE a (x INTEGER);");

        await (await OpenAsync(path, first)).DisposeAsync();
        await Assert.ThrowsAsync<DatabaseOpenException>(() => OpenAsync(path, broken, second, first));
        await using SqliteDatabase database = await OpenAsync(path, second, first);
        Assert.Equal(2, await VersionAsync(database));
        Assert.Equal("2", await database.ReadAsync(session => Text(session, "SELECT x FROM a"), default));
        Assert.Throws<InvalidOperationException>(() => new SchemaMigrations([first, broken]));
    }

    [Fact]
    public async Task A_ledger_of_the_first_version_keeps_its_money_and_can_forget()
    {
        using var folder = new TempFolder();
        string path = folder["a.db"];
        using (var script = new StreamReader(typeof(SqliteDatabase).Assembly.GetManifestResourceStream("sqlite/0001_initial.sql")!))
        {
            await using SqliteDatabase old = await OpenAsync(path, (1, "0001_initial", await script.ReadToEndAsync()));
            await old.WriteAsync(
                session =>
                {
                    session.Execute(
                        "INSERT INTO budget (budget_id, scope, tenant, id, period, requested, budget, settled) "
                        + "VALUES (1, 0, 't', 'c', 20260101, 9, 9, 5), (2, 1, 't', 'c', 0, 99, 99, 7);"
                        + "INSERT INTO campaign_day (campaign_day_id, tenant, campaign, day, partition, day_budget, flight_budget) VALUES (1, 't', 'c', 20260101, 0, 1, 2);"
                        + "INSERT INTO lease (lease_id, campaign_day, node, granted, settled, expires_at, state) VALUES (4, 1, 'n', 5, 5, 1, 1);");
                    return 0;
                },
                default);
        }

        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(path);
        var store = new SqliteLedgerStore(database);
        Assert.Equal(2, (await store.BudgetsAsync("t", "c", default)).Count);
        Assert.Equal(new PruneResult(1, 1, 0, 0, false), await store.PruneAsync(new LedgerRetention(), new DateTime(2026, 6, 1).Ticks, 10, default));
        Assert.Equal([new BudgetRow(BudgetScope.Flight, "c", 0, 99, 7, 0)], await store.BudgetsAsync("t", "c", default));
    }

    [Fact]
    public async Task A_closed_database_says_so()
    {
        using var folder = new TempFolder();
        SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await database.DisposeAsync();
        await database.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await database.WriteAsync(_ => 0, default));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await database.ReadAsync(_ => 0, default));
    }

    [Fact]
    public async Task Readers_do_not_wait_for_a_writer_and_see_the_state_before_it()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        var keys = new SqliteApiKeyStore(database);
        await keys.AddAsync(new ApiKeyRow("p", new byte[32], "t", [], [], DateTime.UnixEpoch), default);
        int seen = await database.WriteAsync(
            session =>
            {
                session.Execute("DELETE FROM api_key");
                return keys.ListAsync(default).AsTask().GetAwaiter().GetResult().Count;
            },
            default);
        Assert.Equal(1, seen);
        Assert.Empty(await keys.ListAsync(default));
    }

    private static async Task<SqliteDatabase> OpenAsync(string path, params (int Version, string Name, string Script)[] scripts)
        => await SqliteDatabase.OpenAsync(path, new SchemaMigrations(scripts), default);

    private static async Task<int> VersionAsync(SqliteDatabase database)
        => int.Parse(await database.ReadAsync(session => Text(session, "SELECT max(version) FROM schema_version"), default), null);

    private static string Text(SqliteSession session, string sql)
    {
        SqliteStatement statement = session.Statement(sql);
        Assert.True(statement.Step());
        string text = statement.Text(0);
        statement.Reset();
        return text;
    }
}
