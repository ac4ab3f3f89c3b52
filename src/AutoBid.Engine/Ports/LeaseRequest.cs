namespace AutoBid.Engine.Ports;

/// <summary>Asks for more headroom under the one lease of (campaign, day, node).</summary>
/// <param name="AmountNanos">Wanted on top of what the lease holds; less is granted when a scope has less left.</param>
/// <param name="ExpiresTicks">New expiry of the lease, UTC ticks; never moved back.</param>
public readonly record struct LeaseRequest(string TenantId, string CampaignId, int Day, string Node, long AmountNanos, long ExpiresTicks);
