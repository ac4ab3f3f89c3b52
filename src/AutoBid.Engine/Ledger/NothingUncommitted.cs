namespace AutoBid.Engine.Ledger;

/// <summary>For a ledger in which everything is settled at once.</summary>
public sealed class NothingUncommitted : IUncommitted
{
    public long SettledOf(long leaseId) => 0;

    public ValueTask FinishAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
}
