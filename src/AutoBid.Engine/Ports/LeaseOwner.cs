namespace AutoBid.Engine.Ports;

/// <summary>What never changes about a lease, open or ended.</summary>
public readonly record struct LeaseOwner(long LeaseId, string TenantId, string CampaignId, int Day, string Node);
