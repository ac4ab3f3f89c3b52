namespace AutoBid.Engine.Ports;

/// <summary>A lease that is not closed: bills that arrive under it after a crash still settle against it.</summary>
public readonly record struct OpenLease(
    long LeaseId, string TenantId, string CampaignId, int Day, string Node, long GrantedNanos, long SettledNanos, long ExpiresTicks);
