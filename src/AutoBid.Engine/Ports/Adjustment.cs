using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ports;

/// <summary>One amount outside every lease.</summary>
public readonly record struct Adjustment(string TenantId, string CampaignId, int Day, long AmountNanos, string Cause, EventIdentity Identity, long TimeTicks)
{
    /// <summary>
    /// What stands first in a campaign's list for the adjustments that are no longer listed one by one (<see cref="LedgerRetention"/>): those upwards and those
    /// downwards, each in one amount, because only the former bound what a flight may exceed its budget by. Day and time are 0.
    /// </summary>
    public static IEnumerable<Adjustment> Forgotten(string tenantId, string campaignId, long upNanos, long downNanos)
    {
        if (upNanos > 0) yield return new Adjustment(tenantId, campaignId, 0, upNanos, "forgotten", default, 0);
        if (downNanos > 0) yield return new Adjustment(tenantId, campaignId, 0, -downNanos, "forgotten", default, 0);
    }
}
