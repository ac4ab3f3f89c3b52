namespace AutoBid.Engine.Ports;

/// <summary>What a restarted engine begins with.</summary>
public sealed record LedgerSnapshot(
    IReadOnlyList<CampaignState> States,
    IReadOnlyList<SeenEvent> Seen,
    IReadOnlyList<PartitionOffset> Offsets,
    IReadOnlyList<OpenLease> Leases);
