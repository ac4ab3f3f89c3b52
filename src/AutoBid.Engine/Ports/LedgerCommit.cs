namespace AutoBid.Engine.Ports;

/// <summary>Everything one transaction moves.</summary>
public sealed class LedgerCommit
{
    /// <summary>The partitions that the commit belongs to, each with the epoch under which the committing node holds it.</summary>
    public List<PartitionEpoch> Epochs { get; } = [];

    /// <summary>
    /// Number of the commit in its node's order, above 0. A commit that comes again with its number, because its outcome was unknown, is applied once.
    /// 0: not recognised when it comes again.
    /// </summary>
    public long Sequence { get; set; }

    /// <summary>Bills on time under a lease: outstanding falls and settled rises by the same amount.</summary>
    public List<LeaseSettlement> Settlements { get; } = [];

    /// <summary>Bills of leases whose holds are not on this node, applied in their order.</summary>
    public List<OutsideBill> OutsideBills { get; } = [];

    /// <summary>
    /// Money that was never leased (foreign bids, wins after the hold ended, prices above the bid, corrections; may be negative):
    /// settled rises by it in all scopes of the campaign, and it is listed as an adjustment with its cause.
    /// </summary>
    public List<Adjustment> Adjustments { get; } = [];

    /// <summary>Leases that end: what they never settled returns to the scopes.</summary>
    public List<long> ClosedLeases { get; } = [];

    /// <summary>State blobs of the campaigns that changed.</summary>
    public List<CampaignState> States { get; } = [];

    /// <summary>Dedupe blocks that go, before the others come.</summary>
    public List<SeenKey> SeenDropped { get; } = [];

    /// <summary>Dedupe blocks that take the place of all blocks with their partition, kind and key.</summary>
    public List<SeenBlock> SeenReplaced { get; } = [];

    /// <summary>Dedupe blocks that come behind those with their partition, kind and key.</summary>
    public List<SeenBlock> Seen { get; } = [];

    public IReadOnlyList<PartitionOffset> Offsets { get; set; } = [];

    /// <summary>What every store refuses before it begins.</summary>
    /// <exception cref="ArgumentException">A state, dedupe block or offset belongs to a partition whose epoch the commit does not name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An outside bill or the sequence is negative.</exception>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Sequence);
        foreach (OutsideBill bill in OutsideBills)
            ArgumentOutOfRangeException.ThrowIfNegative(bill.Bill.AmountNanos, nameof(OutsideBills));
        var held = Epochs.Select(epoch => epoch.Partition).ToHashSet();
        foreach (CampaignState state in States) Require(held, state.Partition, $"the state of campaign {state.CampaignId}");
        foreach (SeenKey key in SeenDropped) Require(held, key.Partition, "a dropped dedupe block");
        foreach (SeenBlock block in SeenReplaced) Require(held, block.Partition, "a replaced dedupe block");
        foreach (SeenBlock block in Seen) Require(held, block.Partition, "a dedupe block");
        foreach (PartitionOffset offset in Offsets) Require(held, offset.Partition, $"an offset of {offset.Topic}");
    }

    private static void Require(HashSet<int> held, int partition, string what)
    {
        if (!held.Contains(partition)) throw new ArgumentException($"The commit has {what} in partition {partition} and does not name that partition's epoch.");
    }
}
