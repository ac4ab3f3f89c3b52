namespace AutoBid.Engine.Ledger;

/// <summary>What was applied here and is not known to be in the store. Owned by the loop's thread.</summary>
public interface IUncommitted
{
    /// <summary>What was settled under a lease of this node and is not known to be in the store, nanos.</summary>
    long SettledOf(long leaseId);

    /// <summary>
    /// Waits until the commit that is under way is in the store: what the store says after that holds all of it, and nothing of what was applied since.
    /// </summary>
    /// <exception cref="Ports.StoreUnavailableException">It is not known to be there.</exception>
    ValueTask FinishAsync(CancellationToken cancellation);
}
