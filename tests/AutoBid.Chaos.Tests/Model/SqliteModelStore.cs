using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Model;
using AutoBid.Storage.Sqlite;
using AutoBid.Streaming.Tests;

namespace AutoBid.Chaos.Tests.Model;

internal sealed class SqliteModelStore : IModelStore
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase _database = null!;
    private SqliteLedgerStore _store = null!;

    public ILedgerStore Store => _store;

    public bool CountsEveryScope => true;

    public static async Task<IModelStore> OpenAsync()
    {
        var store = new SqliteModelStore();
        await store.ReopenAsync();
        return store;
    }

    public async Task<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenant, string campaign) => await _store.AdjustmentsAsync(tenant, campaign, default);

    public async Task ReopenAsync()
    {
        if (_database is not null) await _database.DisposeAsync();
        _database = await SqliteDatabase.OpenAsync(Path.Combine(_folder.Path, "ledger.db"));
        _store = new SqliteLedgerStore(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }
}
