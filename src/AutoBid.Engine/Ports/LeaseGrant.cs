namespace AutoBid.Engine.Ports;

/// <summary>Answer to a <see cref="LeaseRequest"/>.</summary>
/// <param name="LeaseId">Id of the lease, above 0; 0: there is none, because nothing is left in a scope.</param>
/// <param name="GrantedNanos">Granted by this request; 0 when nothing is left in a scope.</param>
/// <param name="RemainingNanos">Least amount that the scopes of the campaign have left ungranted after it.</param>
/// <param name="ExpiresTicks">When the lease expires by the store's clock, UTC ticks.</param>
/// <param name="SettledNanos">Settled under the lease so far.</param>
/// <param name="TotalGrantedNanos">Granted under the lease so far, by this request and all before it: a node whose sum is lower missed an answer.</param>
/// <param name="LifeTicks">How long the lease lasts from the request on: a node counts it from before it asked.</param>
public readonly record struct LeaseGrant(
    string CampaignId, int Day, long LeaseId, long GrantedNanos, long RemainingNanos, long ExpiresTicks, long SettledNanos, long TotalGrantedNanos, long LifeTicks);
