using AutoBid.Engine.Ports;
using AutoBid.Storage.Sqlite;
using AutoBid.Storage.Tests.Campaigns;

namespace AutoBid.Storage.Tests.Sqlite;

public sealed class SqliteCampaignStoreTests : CampaignStoreContract
{
    private readonly TempFolder _folder = new();
    private SqliteDatabase _database = null!;
    private SqliteCampaignStore _store = null!;

    private protected override ICampaignStore Store => _store;

    public override async ValueTask InitializeAsync()
    {
        _database = await SqliteDatabase.OpenAsync(_folder["campaigns.db"]);
        _store = new SqliteCampaignStore(_database);
    }

    public override async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }
}
