using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using AutoBid.Storage.Tests.Ledger;

namespace AutoBid.Storage.Tests.Postgres;

/// <summary>A ledger in a schema of its own, by default on the time that its callers state.</summary>
internal sealed class PostgresLedgerFixture : ILedgerFixture
{
    private readonly PostgresFixture _postgres;
    private readonly string _schema;
    private readonly bool _eventTime;
    private PostgresDatabase _database = null!;
    private PostgresLedgerStore _store = null!;

    private PostgresLedgerFixture(PostgresFixture postgres, string schema, bool eventTime) => (_postgres, _schema, _eventTime) = (postgres, schema, eventTime);

    public ILedgerStore Store => _store;

    public string ConnectionString => _schema;

    public static async Task<PostgresLedgerFixture> CreateAsync(PostgresFixture postgres, bool eventTime = true)
    {
        var fixture = new PostgresLedgerFixture(postgres, await postgres.TakeSchemaAsync(), eventTime);
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
        await _database.DisposeAsync();
        _postgres.Return(_schema);
    }

    private async Task OpenAsync()
    {
        _database = await PostgresDatabase.OpenAsync(_schema);
        _store = new PostgresLedgerStore(_database, _eventTime);
    }
}
