using AutoBid.Engine.Ports;
using AutoBid.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace AutoBid.Storage.Tests.Sqlite;

/// <summary>A file that cannot be written or read for a while: the caller is told so, nothing is half applied, and work goes on afterwards.</summary>
public sealed class SqliteUnavailableTests
{
    private const int Day = 20260801;

    [Fact]
    public async Task A_full_disk_refuses_the_commit_whole_and_takes_it_when_there_is_room()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database);
        LeaseGrant lease = await PrepareAsync(store);
        LedgerCommit commit = Commit(lease.LeaseId, 1);
        await database.WriteAsync(session => Pragma(session, "PRAGMA max_page_count = 60"), default);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CommitAsync(commit, default));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CommitAsync(commit, default));
        Assert.Equal((0L, 500L), await SumsAsync(store));
        Assert.Empty((await store.LoadAsync([0], default)).States);

        // What needs no room still works: a grant must, so that bidding goes on.
        Assert.Equal(7, (await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 7, 0, 1)], default))[0].GrantedNanos);
        await database.WriteAsync(session => Pragma(session, "PRAGMA max_page_count = 100000"), default);
        await store.CommitAsync(commit, default);
        Assert.Equal((10L, 497L), await SumsAsync(store));
        Assert.Single((await store.LoadAsync([0], default)).States);
    }

    [Fact]
    public async Task A_file_that_another_process_keeps_locked_is_waited_for_and_then_given_up()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database);
        LeaseGrant lease = await PrepareAsync(store);
        await database.WriteAsync(session => Pragma(session, "PRAGMA busy_timeout = 1"), default);
        using (var other = new SqliteConnection($"Data Source={folder["a.db"]};Pooling=False"))
        {
            other.Open();
            using SqliteCommand begin = other.CreateCommand();
            begin.CommandText = "BEGIN IMMEDIATE";
            begin.ExecuteNonQuery();
            await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CommitAsync(Commit(lease.LeaseId, 1), default));
            Assert.Equal((0L, 500L), await SumsAsync(store));
        }

        await store.CommitAsync(Commit(lease.LeaseId, 1), default);
        Assert.Equal((10L, 490L), await SumsAsync(store));
    }

    [Fact]
    public async Task A_file_that_may_not_be_written_or_opened_is_unavailable_until_it_may()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database);
        LeaseGrant lease = await PrepareAsync(store);
        await database.WriteAsync(session => Pragma(session, "PRAGMA query_only = ON"), default);

        // The connection is not trusted after such an error: the next call opens another one.
        var error = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CommitAsync(Commit(lease.LeaseId, 1), default));
        Assert.Contains("a.db", error.Message, StringComparison.Ordinal);
        await database.WriteAsync(session => Pragma(session, "PRAGMA query_only = ON"), default);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CommitAsync(Commit(lease.LeaseId, 1), default));

        foreach (string ending in new[] { "", "-wal", "-shm" }) if (File.Exists(folder["a.db" + ending])) File.Move(folder["a.db" + ending], folder["b.db" + ending]);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CommitAsync(Commit(lease.LeaseId, 1), default));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 7, 0, 1)], default));
        foreach (string ending in new[] { "", "-wal", "-shm" }) if (File.Exists(folder["b.db" + ending])) File.Move(folder["b.db" + ending], folder["a.db" + ending]);
        await store.CommitAsync(Commit(lease.LeaseId, 1), default);
        Assert.Equal((10L, 490L), await SumsAsync(store));
    }

    private static async Task<LeaseGrant> PrepareAsync(SqliteLedgerStore store)
    {
        await store.ClaimAsync("n1", [0], 1, default);
        await store.SetBudgetsAsync([new BudgetSetting("t", "c1", 0, Day, 1_000, null, null, null)], [new PartitionEpoch(0, 1)], default);
        return (await store.GrantAsync([new LeaseRequest("t", "c1", Day, "n1", 500, 0, 1)], default))[0];
    }

    private static LedgerCommit Commit(long lease, long sequence)
    {
        var commit = new LedgerCommit { Sequence = sequence };
        commit.Epochs.Add(new PartitionEpoch(0, 1));
        commit.Settlements.Add(new LeaseSettlement(lease, 10));
        commit.States.Add(new CampaignState("t", "c1", 0, 0, new byte[500_000]));
        return commit;
    }

    private static async Task<(long Settled, long Outstanding)> SumsAsync(SqliteLedgerStore store)
    {
        BudgetRow row = Assert.Single(await store.BudgetsAsync("t", "c1", default));
        return (row.SettledNanos, row.OutstandingNanos);
    }

    private static int Pragma(SqliteSession session, string pragma)
    {
        session.Execute(pragma);
        return 0;
    }
}
