using AutoBid.Storage.Tests.Ledger;

namespace AutoBid.Storage.Tests.Postgres;

public sealed class PostgresLedgerStoreTests(PostgresFixture postgres) : LedgerStoreContract
{
    protected override int Histories => 20;

    protected override async Task<ILedgerFixture> CreateAsync() => await PostgresLedgerFixture.CreateAsync(postgres);
}
