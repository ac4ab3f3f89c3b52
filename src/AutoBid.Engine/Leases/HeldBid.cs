namespace AutoBid.Engine.Leases;

/// <summary>The key of a hold: what Bid.id and the notice token carry.</summary>
public readonly record struct HeldBid(long LeaseId, long Seq, int Day);
