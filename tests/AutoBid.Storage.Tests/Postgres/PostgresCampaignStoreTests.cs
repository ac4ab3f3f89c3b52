using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using AutoBid.Storage.Tests.Campaigns;

namespace AutoBid.Storage.Tests.Postgres;

public sealed class PostgresCampaignStoreTests(PostgresFixture postgres) : CampaignStoreContract
{
    private PostgresDatabase? _database;
    private string _schema = "";
    private PostgresCampaignStore _store = null!;

    private protected override ICampaignStore Store => _store;

    public override async ValueTask InitializeAsync()
    {
        _schema = await postgres.TakeSchemaAsync();
        _database = await PostgresDatabase.OpenAsync(_schema);
        _store = new PostgresCampaignStore(_database);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_database is null) return;
        await _database.DisposeAsync();
        postgres.Return(_schema);
    }
}
