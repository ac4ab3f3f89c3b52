using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Campaigns;

/// <summary>The partitions that this node claimed, with their epochs. Owned by the loop's thread.</summary>
public sealed class OwnedPartitions
{
    private readonly SortedDictionary<int, long> _epochs = [];

    // By partition: asked for every event.
    private bool[] _isOwned = [];

    /// <summary>By partition.</summary>
    public IReadOnlyList<PartitionEpoch> All { get; private set; } = [];

    public bool Contains(int partition) => (uint)partition < (uint)_isOwned.Length && _isOwned[partition];

    /// <summary>Epoch under which a partition is held.</summary>
    /// <exception cref="KeyNotFoundException">It is not.</exception>
    public long EpochOf(int partition) => _epochs[partition];

    public void Add(IReadOnlyList<PartitionClaim> claims)
    {
        foreach (PartitionClaim claim in claims) _epochs[claim.Partition] = claim.Epoch;
        Refresh();
    }

    public void Remove(int partition)
    {
        if (_epochs.Remove(partition)) Refresh();
    }

    private void Refresh()
    {
        All = [.. _epochs.Select(pair => new PartitionEpoch(pair.Key, pair.Value))];
        _isOwned = new bool[All.Count == 0 ? 0 : All[^1].Partition + 1];
        foreach (PartitionEpoch one in All) _isOwned[one.Partition] = true;
    }
}
