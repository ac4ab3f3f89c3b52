using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Tests.Kafka;

/// <summary>
/// One member of a consumer group that does with its partitions what an engine does: reads in rounds, commits what it read to the offsets that all members
/// share, and commits no more once its epoch is old.
/// </summary>
internal sealed class GroupNode : IPartitionOwner, IAsyncDisposable
{
    private readonly SharedOffsets _shared;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<int, long> _epochs = [];
    private readonly List<EngineEvent> _uncommitted = [];
    private readonly EngineEvent[] _buffer = new EngineEvent[256];

    public GroupNode(EventLogOptions options, SharedOffsets shared, string name, ILogger<KafkaEventLog> logger)
    {
        _shared = shared;
        Log = new KafkaEventLog(options with { Group = "autobid", Node = name }, new CampaignNames(), logger, TimeProvider.System);
    }

    public KafkaEventLog Log { get; }

    /// <summary>Partitions owned now.</summary>
    public int[] Owned
    {
        get
        {
            lock (_epochs) return [.. _epochs.Keys.Order()];
        }
    }

    public async ValueTask TakeAsync(IReadOnlyList<int> partitions, Func<IReadOnlyList<PartitionOffset>, ValueTask> begin, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            _uncommitted.Clear();
            (int Partition, long Epoch)[] claims = [.. partitions.Select(partition => (partition, _shared.Claim(partition)))];
            await begin(_shared.Of(partitions));
            lock (_epochs)
                foreach ((int partition, long epoch) in claims) _epochs[partition] = epoch;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask GiveUpAsync(IReadOnlyList<int> partitions, Action end, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation);
        try
        {
            Commit();
            lock (_epochs)
                foreach (int partition in partitions) _epochs.Remove(partition);
            end();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>One round of reading; the commit comes with the next one, so that a rebalance finds something to commit or to lose.</summary>
    public async Task RoundAsync(bool commit = true)
    {
        await _gate.WaitAsync();
        try
        {
            if (commit) Commit();
            if (Owned.Length == 0) return;
            int read = await Log.ReadAsync(_buffer, TimeSpan.FromMilliseconds(10), default);
            _uncommitted.AddRange(_buffer.Take(read));
        }
        finally
        {
            _gate.Release();
        }
    }

    public ValueTask DisposeAsync() => Log.DisposeAsync();

    private void Commit()
    {
        _shared.Commit(_epochs, _uncommitted, Log.Position);
        _uncommitted.Clear();
    }
}
