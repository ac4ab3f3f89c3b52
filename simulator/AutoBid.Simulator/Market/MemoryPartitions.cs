using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

/// <summary>Owners of partitions, and what belongs to a partition as a whole: its offsets, its dedupe blocks, its last commit. Guarded by the store's lock.</summary>
internal sealed class MemoryPartitions
{
    private readonly Dictionary<int, Owner> _owners = [];
    private readonly SortedDictionary<(int Partition, SeenKind Kind, long Key), List<byte[]>> _seen = [];
    private readonly SortedDictionary<(string Topic, int Partition), long> _offsets = new(Comparer<(string Topic, int Partition)>.Create(
        static (a, b) => string.CompareOrdinal(a.Topic, b.Topic) is var order and not 0 ? order : a.Partition.CompareTo(b.Partition)));

    private int _count;

    public IReadOnlyList<PartitionClaim> Claim(string node, IReadOnlyList<int> partitions, int partitionCount)
    {
        if (_count != 0 && _count != partitionCount)
            throw new InvalidOperationException($"The ledger was made for {_count} partitions; the event log has {partitionCount}.");
        foreach (int partition in partitions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(partition, nameof(partitions));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, partitionCount, nameof(partitions));
        }

        _count = partitionCount;
        var claims = new List<PartitionClaim>(partitions.Count);
        foreach (int partition in partitions)
        {
            Owner? before = _owners.GetValueOrDefault(partition);
            _owners[partition] = new Owner(node, (before?.Epoch ?? 0) + 1);
            claims.Add(new PartitionClaim(partition, _owners[partition].Epoch, before?.Epoch ?? 0, before?.Node));
        }

        return claims;
    }

    public void CheckHeld(IReadOnlyList<PartitionEpoch> epochs)
    {
        foreach (PartitionEpoch held in epochs)
        {
            long stored = _owners.GetValueOrDefault(held.Partition)?.Epoch ?? 0;
            if (stored == 0 || stored != held.Epoch) throw new FencedException(held.Partition, held.Epoch, stored);
        }
    }

    /// <summary>True when the commit was applied before.</summary>
    public bool IsRepeated(LedgerCommit commit)
    {
        if (commit.Sequence == 0 || commit.Epochs.Count == 0) return false;
        Owner[] owners = [.. commit.Epochs.Select(held => _owners[held.Partition])];
        if (owners.All(owner => owner.Sequence < commit.Sequence)) return false;
        if (owners.All(owner => owner.Sequence == commit.Sequence)) return true;
        throw new InvalidOperationException($"Commit {commit.Sequence} comes after a later one, or with other partitions than before.");
    }

    public void Apply(LedgerCommit commit)
    {
        if (commit.Sequence > 0)
            foreach (PartitionEpoch held in commit.Epochs) _owners[held.Partition].Sequence = commit.Sequence;
        foreach (SeenKey key in commit.SeenDropped) _seen.Remove((key.Partition, key.Kind, key.Key));
        foreach (SeenBlock block in commit.SeenReplaced) _seen[(block.Partition, block.Kind, block.Key)] = [block.Blob];
        foreach (SeenBlock block in commit.Seen)
        {
            if (!_seen.TryGetValue((block.Partition, block.Kind, block.Key), out List<byte[]>? blobs)) _seen.Add((block.Partition, block.Kind, block.Key), blobs = []);
            blobs.Add(block.Blob);
        }

        foreach (PartitionOffset at in commit.Offsets) _offsets[(at.Topic, at.Partition)] = at.NextOffset;
    }

    public IReadOnlyList<SeenBlock> Seen(IReadOnlyList<int> partitions)
        => [.. _seen.Where(pair => partitions.Contains(pair.Key.Partition)).SelectMany(pair => pair.Value.Select(blob => new SeenBlock(pair.Key.Partition, pair.Key.Kind, pair.Key.Key, blob)))];

    public IReadOnlyList<PartitionOffset> Offsets(IReadOnlyList<int> partitions)
        => [.. _offsets.Where(pair => partitions.Contains(pair.Key.Partition)).Select(pair => new PartitionOffset(pair.Key.Topic, pair.Key.Partition, pair.Value))];

    private sealed class Owner(string node, long epoch)
    {
        public string Node => node;

        public long Epoch => epoch;

        public long Sequence { get; set; }
    }
}
