using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Campaigns;

/// <summary>The partitions that this node claimed, with their epochs. Owned by the loop's thread.</summary>
public sealed class OwnedPartitions
{
    private readonly SortedDictionary<int, long> _epochs = [];

    /// <summary>By partition.</summary>
    public IReadOnlyList<PartitionEpoch> All { get; private set; } = [];

    public bool Contains(int partition) => _epochs.ContainsKey(partition);

    /// <summary>Epoch under which a partition is held.</summary>
    /// <exception cref="KeyNotFoundException">It is not.</exception>
    public long EpochOf(int partition) => _epochs[partition];

    public void Add(IReadOnlyList<PartitionClaim> claims)
    {
        foreach (PartitionClaim claim in claims) _epochs[claim.Partition] = claim.Epoch;
        All = [.. _epochs.Select(pair => new PartitionEpoch(pair.Key, pair.Value))];
    }

    public void Remove(int partition)
    {
        if (_epochs.Remove(partition)) All = [.. _epochs.Select(pair => new PartitionEpoch(pair.Key, pair.Value))];
    }
}
