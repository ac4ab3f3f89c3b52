using AutoBid.Engine.Ports;
using AutoBid.Storage.Sqlite;
using AutoBid.Storage.Tests.ApiKeys;

namespace AutoBid.Storage.Tests.Sqlite;

public sealed class SqliteApiKeyStoreTests : ApiKeyStoreContract
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase _database = null!;
    private SqliteApiKeyStore _store = null!;

    private protected override IApiKeyStore Store => _store;

    public override async ValueTask InitializeAsync()
    {
        _database = await SqliteDatabase.OpenAsync(_folder["keys.db"]);
        _store = new SqliteApiKeyStore(_database);
    }

    public override async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }
}
