using AutoBid.Engine.Ports;
using AutoBid.Storage.Sqlite;
using AutoBid.Storage.Tests.Ledger;

namespace AutoBid.Storage.Tests.Sqlite;

internal sealed class SqliteLedgerFixture : ILedgerFixture
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase _database = null!;
    private SqliteLedgerStore _store = null!;

    public ILedgerStore Store => _store;

    public static async Task<ILedgerFixture> CreateAsync()
    {
        var fixture = new SqliteLedgerFixture();
        await fixture.OpenAsync();
        return fixture;
    }

    public async Task ReopenAsync()
    {
        await _database.DisposeAsync();
        await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private async Task OpenAsync()
    {
        _database = await SqliteDatabase.OpenAsync(_folder["ledger.db"]);
        _store = new SqliteLedgerStore(_database);
    }
}
