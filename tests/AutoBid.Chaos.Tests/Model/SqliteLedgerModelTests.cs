using AutoBid.Engine.Tests.Model;

namespace AutoBid.Chaos.Tests.Model;

public sealed class SqliteLedgerModelTests : LedgerModelTests
{
    private protected override int Histories => 15;

    private protected override Task<IModelStore> OpenAsync() => SqliteModelStore.OpenAsync();
}
