namespace AutoBid.Engine.Ports;

/// <summary>Everything one transaction moves.</summary>
public sealed class LedgerCommit
{
    /// <summary>Bills on time under a lease: outstanding falls and settled rises by the same amount.</summary>
    public List<LeaseSettlement> Settlements { get; } = [];

    /// <summary>
    /// Money that was never leased (foreign bids, wins after the hold ended, prices above the bid, corrections; may be negative):
    /// settled rises by it in all scopes of the campaign, and it is listed as an adjustment with its cause.
    /// </summary>
    public List<Adjustment> Adjustments { get; } = [];

    /// <summary>Leases that end: what they never settled returns to the scopes.</summary>
    public List<long> ClosedLeases { get; } = [];

    /// <summary>State blobs of the campaigns that changed.</summary>
    public List<CampaignState> States { get; } = [];

    /// <summary>Identities applied since the last commit, with the event time at which they may be forgotten.</summary>
    public List<SeenEvent> Seen { get; } = [];

    public IReadOnlyList<PartitionOffset> Offsets { get; set; } = [];
}
