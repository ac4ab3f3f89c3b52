using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ports;

/// <summary>One amount outside every lease.</summary>
public readonly record struct Adjustment(string TenantId, string CampaignId, int Day, long AmountNanos, string Cause, EventIdentity Identity, long TimeTicks);
