namespace AutoBid.Engine.Ports;

/// <summary>What the owner of some partitions begins with.</summary>
/// <param name="Seen">By partition, kind and key; blocks of one key in the order in which they were appended.</param>
/// <param name="Leases">Open leases on campaigns of these partitions, whoever holds them.</param>
public sealed record LedgerSnapshot(
    IReadOnlyList<CampaignState> States,
    IReadOnlyList<SeenBlock> Seen,
    IReadOnlyList<PartitionOffset> Offsets,
    IReadOnlyList<OpenLease> Leases);
