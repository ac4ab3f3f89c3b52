namespace AutoBid.Engine.Ports;

/// <summary>Asks for more headroom under the one lease of (campaign, day, node).</summary>
/// <param name="AmountNanos">Wanted on top of what the lease holds; less is granted when a scope has less left.</param>
/// <param name="NowTicks">The asking node's event time, UTC ticks; a store that several nodes share goes by its own clock instead.</param>
/// <param name="LifeTicks">How long the lease shall last from now; its expiry is never moved back.</param>
public readonly record struct LeaseRequest(
    string TenantId, string CampaignId, int Day, string Node, long AmountNanos, long NowTicks, long LifeTicks);
