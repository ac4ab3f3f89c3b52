namespace AutoBid.Engine.Leases;

/// <summary>A look at a campaign's current lease on this node, nanos. LeaseId 0: none. StopTicks is on the clock of leases.</summary>
public readonly record struct LeaseView(
    long LeaseId, int Day, long HeadroomNanos, long GrantedNanos, long SettledNanos, long NextSeq, long StopTicks, long FreeCells, long KeptNanos)
{
    /// <summary>What open holds take.</summary>
    public long HeldNanos => GrantedNanos - HeadroomNanos - SettledNanos - KeptNanos;
}
