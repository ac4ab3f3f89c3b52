using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using AutoBid.Storage.Tests.Ledger;
using AutoBid.Tests.Shared;

namespace AutoBid.Storage.Tests.Postgres;

/// <summary>On a server of its own that waits for the disk.</summary>
public sealed class PostgresTimings : LedgerTimings
{
    protected override async Task<ILedgerFixture> CreateAsync()
    {
        if (PostgresServer.WhyNot is { } why) Assert.Skip(why);
        var fixture = new DurableFixture(await PostgresServer.StartAsync(durable: true));
        await fixture.ReopenAsync();
        return fixture;
    }

    private sealed class DurableFixture(PostgresServer server) : ILedgerFixture
    {
        private PostgresDatabase? _database;
        private string? _schema;

        public ILedgerStore Store { get; private set; } = null!;

        public async Task ReopenAsync()
        {
            if (_database is not null) await _database.DisposeAsync();
            _database = await PostgresDatabase.OpenAsync(_schema ??= await server.NewSchemaAsync());
            Store = new PostgresLedgerStore(_database, eventTime: true);
        }

        public async ValueTask DisposeAsync()
        {
            if (_database is not null) await _database.DisposeAsync();
            await server.DisposeAsync();
        }
    }
}
