namespace AutoBid.Engine.Leases;

/// <summary>A look at a campaign's current lease on this node. LeaseId 0: none.</summary>
public readonly record struct LeaseView(
    long LeaseId, int Day, long HeadroomNanos, long GrantedNanos, long SettledNanos, long NextSeq, long StopTicks, long FreeCells);
