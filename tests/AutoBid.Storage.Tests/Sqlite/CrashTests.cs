using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Sqlite;

namespace AutoBid.Storage.Tests.Sqlite;

/// <summary>What a process that dies finds again: the files are copied as a crash leaves them, and a second database is opened on the copy.</summary>
public sealed class CrashTests
{
    private const int Day = 20260801;
    private const int Commits = 25;

    private static readonly PartitionEpoch[] Held = [new(0, 1)];

    [Fact]
    public async Task Wherever_the_log_was_torn_the_state_is_that_of_one_commit()
    {
        using var folder = new TempFolder();
        string path = folder["a.db"];
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(path);
        await using var store = new SqliteLedgerStore(database);
        await store.ClaimAsync("n1", [0], 1, default);
        await store.SetBudgetsAsync([new BudgetSetting("t", "c1", 0, Day, 10_000, 20_000, "brand", 30_000)], Held, default);
        LeaseGrant lease = Assert.Single(await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 5_000, 0, 1)], default));
        await store.CommitAsync(Commit(lease.LeaseId, 0), default);
        long before = new FileInfo(path + "-wal").Length;
        for (int n = 1; n <= Commits; n++) await store.CommitAsync(Commit(lease.LeaseId, n), default);
        byte[] file = await ReadSharedAsync(path);
        byte[] log = await ReadSharedAsync(path + "-wal");

        var found = new HashSet<int>();
        for (int cut = 0; cut <= 60; cut++)
        {
            int length = (int)(before + ((log.Length - before) * cut / 60));
            found.Add(await RecoverAsync(folder[$"cut{cut}.db"], file, log.AsMemory(0, length)));
        }

        // The cuts fall into many different commits; the whole log holds them all.
        Assert.Contains(Commits, found);
        Assert.Contains(0, found);
        Assert.True(found.Count > 10, $"only {found.Count} different states");
    }

    [Fact]
    public async Task A_transaction_under_way_is_not_in_the_files()
    {
        using var folder = new TempFolder();
        string path = folder["a.db"];
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(path);
        await using var store = new SqliteLedgerStore(database);
        await store.ClaimAsync("n1", [0], 1, default);
        await store.SetBudgetsAsync([new BudgetSetting("t", "c1", 0, Day, 10_000, 20_000, "brand", 30_000)], Held, default);
        LeaseGrant lease = Assert.Single(await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 5_000, 0, 1)], default));
        await store.CommitAsync(Commit(lease.LeaseId, 0), default);
        await store.CommitAsync(Commit(lease.LeaseId, 1), default);

        (byte[] file, byte[] log) = await database.WriteAsync(
            session =>
            {
                session.Execute("UPDATE budget SET settled = settled + 1, outstanding = outstanding - 1; UPDATE partition_offset SET next = 77; DELETE FROM seen_block;");
                return (ReadSharedAsync(path).GetAwaiter().GetResult(), ReadSharedAsync(path + "-wal").GetAwaiter().GetResult());
            },
            default);
        Assert.Equal(1, await RecoverAsync(folder["copy.db"], file, log));
        Assert.Equal(77, Assert.Single((await store.LoadAsync([0], default)).Offsets).NextOffset);
    }

    [Fact]
    public async Task A_transaction_that_throws_leaves_nothing_and_the_next_one_works()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database);
        await store.ClaimAsync("n1", [0], 1, default);
        await store.SetBudgetsAsync([new BudgetSetting("t", "c1", 0, Day, 100, null, null, null)], Held, default);
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await database.WriteAsync<int>(
            session =>
            {
                session.Execute("UPDATE budget SET settled = 1");

                // A statement left in the middle of its rows must not keep the transaction alive.
                Assert.True(session.Statement("SELECT budget_id FROM budget").Step());
                throw new TimeZoneNotFoundException();
            },
            default));
        BudgetRow row = Assert.Single(await store.BudgetsAsync("t", "c1", default));
        Assert.Equal(0, row.SettledNanos);
        Assert.Equal(100, Assert.Single(await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 500, 0, 1)], default)).GrantedNanos);
    }

    [Fact]
    public async Task The_table_itself_refuses_what_would_break_the_invariant()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database);
        await store.ClaimAsync("n1", [0], 1, default);
        await store.SetBudgetsAsync([new BudgetSetting("t", "c1", 0, Day, 100, null, null, null)], Held, default);
        foreach (string breach in new[] { "outstanding = 101", "settled = 60, outstanding = 41", "settled = -1", "budget = 99" })
        {
            await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(async () => await database.WriteAsync(
                session =>
                {
                    session.Execute($"UPDATE budget SET {breach} WHERE scope = 0");
                    return 0;
                },
                default));
        }
    }

    /// <summary>Commit n of a history in which every part of the state names n.</summary>
    private static LedgerCommit Commit(long lease, int n)
    {
        var commit = new LedgerCommit { Sequence = n + 1, Offsets = [new PartitionOffset("autobid.spend", 0, n)] };
        commit.Epochs.AddRange(Held);
        if (n > 0) commit.Settlements.Add(new LeaseSettlement(lease, 10));
        if (n > 0) commit.Adjustments.Add(new Adjustment("t", "c1", Day, 1, "foreign", new EventIdentity((ulong)n, 0), n));
        commit.States.Add(new CampaignState("t", "c1", 0, Day, [(byte)n, .. new byte[9_000]]));
        commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, n / 10, [(byte)n]));
        return commit;
    }

    /// <summary>Opens a copy and returns its commit number, which every part of it must agree on.</summary>
    private static async Task<int> RecoverAsync(string path, ReadOnlyMemory<byte> file, ReadOnlyMemory<byte> log)
    {
        await File.WriteAllBytesAsync(path, file);
        await File.WriteAllBytesAsync(path + "-wal", log);
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(path);
        await using var store = new SqliteLedgerStore(database);
        LedgerSnapshot snapshot = await store.LoadAsync([0], default);
        int n = (int)Assert.Single(snapshot.Offsets).NextOffset;

        Assert.Equal(n, Assert.Single(snapshot.States).Blob[0]);
        Assert.Equal(Enumerable.Range(0, n + 1), snapshot.Seen.Select(block => (int)block.Blob[0]));
        Assert.Equal((5_000L, 10L * n), (Assert.Single(snapshot.Leases).GrantedNanos, snapshot.Leases[0].SettledNanos));
        Assert.Equal(n, (await store.AdjustmentsAsync("t", "c1", default)).Count);
        IReadOnlyList<BudgetRow> rows = await store.BudgetsAsync("t", "c1", default);
        Assert.Equal(3, rows.Count);
        Assert.All(rows, row => Assert.Equal((11L * n, 5_000 - (10L * n)), (row.SettledNanos, row.OutstandingNanos)));
        return n;
    }

    private static async Task<byte[]> ReadSharedAsync(string path)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
