using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Sqlite;

namespace AutoBid.Storage.Tests.Sqlite;

public sealed class SeenRetentionTests
{
    private static readonly TimeSpan Retention = TimeSpan.FromTicks(1_000);

    [Fact]
    public async Task A_commit_forgets_ids_that_expired_on_event_time()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database, Retention);

        // Events at 0, 500 and 1,000: each may be forgotten a retention after it.
        await CommitAsync(store, 1_000, 1_500, 2_000);
        Assert.Equal([1_000L, 1_500L, 2_000L], await ExpiriesAsync(store));

        // An event at 1,501 proves that event time has passed the first two expiries.
        await CommitAsync(store, 2_501);
        Assert.Equal([2_000L, 2_501L], await ExpiriesAsync(store));

        // A late event does not turn event time back.
        await CommitAsync(store, 1_800);
        Assert.Equal([1_800L, 2_000L, 2_501L], await ExpiriesAsync(store));
    }

    [Fact]
    public async Task After_a_long_pause_forgetting_is_spread_over_commits()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database, Retention);
        await CommitAsync(store, [.. Enumerable.Range(0, 50_000).Select(i => 1_000L + (i / 100))]);

        await CommitAsync(store, 1_000_000);
        Assert.InRange((await ExpiriesAsync(store)).Count, 25_000, 35_000);
        for (long i = 1; i <= 2; i++) await CommitAsync(store, 1_000_000 + i);
        Assert.Equal([1_000_000L, 1_000_001L, 1_000_002L], await ExpiriesAsync(store));
    }

    [Fact]
    public async Task Without_a_retention_nothing_is_forgotten()
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database);
        await CommitAsync(store, 1);
        await CommitAsync(store, 1_000_000);
        Assert.Equal([1L, 1_000_000L], await ExpiriesAsync(store));
    }

    private static async Task CommitAsync(SqliteLedgerStore store, params long[] expiries)
    {
        var commit = new LedgerCommit();
        for (int i = 0; i < expiries.Length; i++)
            commit.Seen.Add(new SeenEvent(new EventIdentity(((ulong)i + 1) * 0x9E3779B97F4A7C15, (ulong)expiries[i]), expiries[i]));
        await store.CommitAsync(commit, default);
    }

    private static async Task<List<long>> ExpiriesAsync(SqliteLedgerStore store)
        => [.. (await store.LoadAsync(0, default)).Seen.Select(seen => seen.ExpiresTicks).Order()];
}
