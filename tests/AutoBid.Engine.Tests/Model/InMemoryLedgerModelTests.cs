namespace AutoBid.Engine.Tests.Model;

public sealed class InMemoryLedgerModelTests : LedgerModelTests
{
    private protected override int Histories => 60;

    private protected override Task<IModelStore> OpenAsync() => Task.FromResult<IModelStore>(new InMemoryModelStore());
}
