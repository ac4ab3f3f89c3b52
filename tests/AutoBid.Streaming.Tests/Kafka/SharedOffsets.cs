using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Tests.Kafka;

/// <summary>The ledger store's part in a hand-over, in memory: epochs, offsets, and the events committed with them.</summary>
internal sealed class SharedOffsets
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, long> _epochs = [];
    private readonly Dictionary<(string Topic, int Partition), long> _next = [];
    private readonly List<EngineEvent> _applied = [];

    /// <summary>Commits refused because another member had claimed the partition since.</summary>
    public int Fenced { get; private set; }

    public List<EngineEvent> Applied
    {
        get
        {
            lock (_gate) return [.. _applied];
        }
    }

    public int Count
    {
        get
        {
            lock (_gate) return _applied.Count;
        }
    }

    public long Claim(int partition)
    {
        lock (_gate) return _epochs[partition] = _epochs.GetValueOrDefault(partition) + 1;
    }

    public IReadOnlyList<PartitionOffset> Of(IReadOnlyList<int> partitions)
    {
        lock (_gate)
            return [.. _next.Where(pair => partitions.Contains(pair.Key.Partition)).Select(pair => new PartitionOffset(pair.Key.Topic, pair.Key.Partition, pair.Value))];
    }

    public void Commit(IReadOnlyDictionary<int, long> epochs, List<EngineEvent> events, IReadOnlyList<PartitionOffset> position)
    {
        lock (_gate)
        {
            if (epochs.Any(held => _epochs[held.Key] != held.Value))
            {
                Fenced++;
                return;
            }

            _applied.AddRange(events.Where(e => epochs.ContainsKey(e.Partition)));
            foreach (PartitionOffset at in position)
                if (epochs.ContainsKey(at.Partition)) _next[(at.Topic, at.Partition)] = at.NextOffset;
        }
    }
}
