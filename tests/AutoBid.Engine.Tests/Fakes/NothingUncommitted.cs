using AutoBid.Engine.Ledger;

namespace AutoBid.Engine.Tests.Fakes;

internal sealed class NothingUncommitted : IUncommitted
{
    public long SettledOf(long leaseId) => 0;

    public ValueTask FinishAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
}
