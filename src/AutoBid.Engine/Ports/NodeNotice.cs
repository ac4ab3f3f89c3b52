using AutoBid.Core.Campaigns;
using AutoBid.Engine.Bidding;

namespace AutoBid.Engine.Ports;

/// <summary>What every node hears, whoever owns the campaign's partition: the log's other readers, beside the ordered input of the owned partitions.</summary>
public abstract record NodeNotice
{
    private NodeNotice()
    {
    }

    /// <summary>Settings of a campaign.</summary>
    public sealed record Settings(Campaign Campaign) : NodeNotice;

    /// <summary>The slot that the campaign's owner published.</summary>
    /// <param name="Version">Rises with every publication; later owners publish higher ones.</param>
    /// <param name="Multiplier">What the slot was made of; 0: the policy gave no number.</param>
    /// <param name="SpentNanos">Spend of the day as its owner knew it.</param>
    public sealed record Slot(string TenantId, string CampaignId, BidSlot Value, long Version, double Multiplier, long SpentNanos) : NodeNotice;

    /// <summary>How bids of this node ended.</summary>
    public sealed record Outcomes(LeaseOutcomes Value) : NodeNotice;
}
