using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using AutoBid.Storage.Tests.ApiKeys;

namespace AutoBid.Storage.Tests.Postgres;

public sealed class PostgresApiKeyStoreTests(PostgresFixture postgres) : ApiKeyStoreContract
{
    private PostgresDatabase? _database;
    private string _schema = "";
    private PostgresApiKeyStore _store = null!;

    private protected override IApiKeyStore Store => _store;

    public override async ValueTask InitializeAsync()
    {
        _schema = await postgres.TakeSchemaAsync();
        _database = await PostgresDatabase.OpenAsync(_schema);
        _store = new PostgresApiKeyStore(_database);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_database is null) return;
        await _database.DisposeAsync();
        postgres.Return(_schema);
    }
}
