using AutoBid.Storage.Tests.Ledger;

namespace AutoBid.Storage.Tests.Sqlite;

public sealed class SqliteTimings : LedgerTimings
{
    protected override Task<ILedgerFixture> CreateAsync() => SqliteLedgerFixture.CreateAsync();
}
