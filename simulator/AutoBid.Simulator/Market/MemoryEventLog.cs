using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

/// <summary>
/// The event log of a run that lives and dies with its process: one partition a topic, appended in memory, read in order of appending. Events that were
/// read are let go, so that a day of any size holds only what waits; reading can begin only at offsets that are still held. What the engine publishes is
/// handed to its own listeners and not kept. Rejected events are counted by reason.
/// </summary>
public sealed class MemoryEventLog : IEventLog
{
    private readonly Lock _gate = new();
    private readonly List<EngineEvent> _waiting = [];
    private readonly long[] _appended = new long[Topic.Inputs.Length];
    private readonly long[] _read = new long[Topic.Inputs.Length];
    private readonly SortedDictionary<string, long> _rejected = new(StringComparer.Ordinal);
    private int _next;

    public bool IsAvailable => true;

    public IReadOnlyList<PartitionOffset> Position
    {
        get
        {
            lock (_gate) return Offsets(_read);
        }
    }

    /// <summary>Events that the engine could not apply, by reason.</summary>
    public IReadOnlyDictionary<string, long> Rejected
    {
        get
        {
            lock (_gate) return new SortedDictionary<string, long>(_rejected, StringComparer.Ordinal);
        }
    }

    public ValueTask AppendAsync(ReadOnlyMemory<EngineEvent> events, CancellationToken cancellation)
    {
        lock (_gate)
        {
            foreach (ref readonly EngineEvent one in events.Span)
            {
                EngineEvent e = one;
                e.Partition = 0;
                e.Offset = _appended[TopicOf(e)]++;
                _waiting.Add(e);
            }
        }

        return ValueTask.CompletedTask;
    }

    public int Partitions => 1;

    public int PartitionOf(string campaignId) => 0;

    public bool IsHandingOver => false;

    /// <summary>None: the engine is alone.</summary>
    public int TakeNotices(ICollection<NodeNotice> into) => 0;

    public ValueTask PublishAsync(IReadOnlyList<LeaseOutcomes> outcomes, CancellationToken cancellation) => ValueTask.CompletedTask;

    /// <exception cref="InvalidOperationException">An offset lies before what is held.</exception>
    public ValueTask StartAsync(IPartitionOwner owner, CancellationToken cancellation)
        => owner.TakeAsync([0], Begin, cancellation);

    private ValueTask Begin(IReadOnlyList<PartitionOffset> offsets)
    {
        lock (_gate)
        {
            for (int topic = 0; topic < _read.Length; topic++)
            {
                long start = offsets.FirstOrDefault(at => at.Topic == Topic.Inputs[topic]).NextOffset;
                if (start != _read[topic]) throw new InvalidOperationException($"{Topic.Inputs[topic]} cannot be read from {start}: it is held from {_read[topic]} on.");
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<PartitionOffset>> EndOffsetsAsync(CancellationToken cancellation)
    {
        lock (_gate) return ValueTask.FromResult<IReadOnlyList<PartitionOffset>>(Offsets(_appended));
    }

    /// <summary>Never waits: whoever appends and whoever reads are one process, and a virtual clock has no idle time.</summary>
    public ValueTask<int> ReadAsync(Memory<EngineEvent> into, TimeSpan wait, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_gate)
        {
            int count = Math.Min(into.Length, _waiting.Count - _next);
            Span<EngineEvent> target = into.Span;
            for (int i = 0; i < count; i++)
            {
                target[i] = _waiting[_next++];
                _read[TopicOf(target[i])]++;
            }

            if (_next == _waiting.Count)
            {
                _waiting.Clear();
                _next = 0;
            }

            return ValueTask.FromResult(count);
        }
    }

    public ValueTask PublishAsync(IReadOnlyList<DecisionRecord> decisions, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask RejectAsync(IReadOnlyList<RejectedEvent> rejected, CancellationToken cancellation)
    {
        lock (_gate)
        {
            foreach (RejectedEvent one in rejected) _rejected[one.Reason] = _rejected.GetValueOrDefault(one.Reason) + 1;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static int TopicOf(in EngineEvent e) => Array.IndexOf(Topic.Inputs, Topic.Of(e.Kind));

    private static PartitionOffset[] Offsets(long[] next)
    {
        var offsets = new PartitionOffset[next.Length];
        for (int topic = 0; topic < next.Length; topic++) offsets[topic] = new PartitionOffset(Topic.Inputs[topic], 0, next[topic]);
        return offsets;
    }
}
