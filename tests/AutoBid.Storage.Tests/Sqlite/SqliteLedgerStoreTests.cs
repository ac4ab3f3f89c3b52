using AutoBid.Storage.Tests.Ledger;

namespace AutoBid.Storage.Tests.Sqlite;

public sealed class SqliteLedgerStoreTests : LedgerStoreContract
{
    protected override Task<ILedgerFixture> CreateAsync() => SqliteLedgerFixture.CreateAsync();
}
