namespace AutoBid.Engine.Ports;

/// <summary>Answer to a <see cref="LeaseRequest"/>.</summary>
/// <param name="LeaseId">Id of the lease, above 0.</param>
/// <param name="GrantedNanos">Granted by this request; 0 when nothing is left in a scope.</param>
/// <param name="RemainingNanos">Least amount that the scopes of the campaign have left ungranted after it.</param>
public readonly record struct LeaseGrant(string CampaignId, int Day, long LeaseId, long GrantedNanos, long RemainingNanos, long ExpiresTicks);
