using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Nodes;

/// <summary>
/// What this node hears of campaigns whose ledger another one keeps: their settings and slots, and what became of its own bids. Owned by the loop's thread.
/// </summary>
public sealed class NodeFeed(CampaignBook book, BidSlotTable slots, LeaseDesk leases, IEventLog log)
{
    private readonly List<NodeNotice> _notices = [];

    // Slots of campaigns whose settings have not arrived: they lie in another topic. One each, as the topic is compacted.
    private readonly Dictionary<string, NodeNotice.Slot> _early = new(StringComparer.Ordinal);

    /// <summary>Applies what was heard since the last call.</summary>
    public void Apply()
    {
        _notices.Clear();
        if (log.TakeNotices(_notices) == 0) return;
        foreach (NodeNotice notice in _notices)
        {
            switch (notice)
            {
                case NodeNotice.Settings heard: Apply(heard); break;
                case NodeNotice.Slot heard: Apply(heard); break;
                case NodeNotice.Outcomes heard: Apply(heard.Value); break;
            }
        }
    }

    private void Apply(NodeNotice.Settings heard)
    {
        book.Upsert(heard.Campaign);
        if (_early.Remove(heard.Campaign.Id, out NodeNotice.Slot? slot)) Apply(slot);
    }

    private void Apply(NodeNotice.Slot heard)
    {
        if (!book.Index.TryFind(heard.CampaignId, out int campaign))
        {
            if (!_early.TryGetValue(heard.CampaignId, out NodeNotice.Slot? known) || known.Version < heard.Version) _early[heard.CampaignId] = heard;
            return;
        }

        ref CampaignEntry entry = ref book[campaign];
        // The topic is written under the campaign's key by every owner it had: only versions tell which one came last.
        if (entry.Settings?.TenantId != heard.TenantId || heard.Version <= entry.HeardVersion) return;
        entry.HeardVersion = heard.Version;
        if (entry.IsOwned) return;
        // What this node answers when it is asked about the campaign.
        (entry.Multiplier, entry.SpentNanos) = (heard.Multiplier, heard.SpentNanos);
        // A paused campaign stays silent, though its owner may not have heard of it yet.
        if (!entry.IsActive) return;
        BidSlot slot = heard.Value;
        slot.Version = ++entry.SlotVersion;
        slots.Publish(campaign, slot);
    }

    private void Apply(LeaseOutcomes outcomes)
    {
        foreach (BidOutcome outcome in outcomes.Outcomes)
        {
            if (outcome.IsBill) leases.TryBill(outcomes.LeaseId, outcome.Seq, outcome.PriceNanos);
            else leases.GiveBack(outcomes.LeaseId, leases.EndHold(outcomes.LeaseId, outcome.Seq));
        }
    }
}
