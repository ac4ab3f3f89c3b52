using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Fakes;

/// <summary>
/// The event log as arrays: every input topic has the same number of partitions, a campaign always lands in the same one. Events of one partition come
/// in their order; between partitions the reader walks round robin, as a consumer might.
/// </summary>
internal sealed class InMemoryEventLog(int partitions = 3) : IEventLog
{
    private readonly Dictionary<(string Topic, int Partition), List<EngineEvent>> _records = [];
    private readonly Dictionary<(string Topic, int Partition), int> _next = [];
    private readonly Lock _gate = new();

    public List<DecisionRecord> Published { get; } = [];

    public List<RejectedEvent> Rejected { get; } = [];

    /// <summary>How many of the coming appends fail.</summary>
    public int FailAppends { get; set; }

    public bool IsAvailable => FailAppends == 0;

    public IReadOnlyList<PartitionOffset> Position
    {
        get
        {
            lock (_gate) return [.. Slots().Select(slot => new PartitionOffset(slot.Topic, slot.Partition, _next.GetValueOrDefault(slot)))];
        }
    }

    public List<EngineEvent> All()
    {
        lock (_gate) return [.. _records.OrderBy(pair => pair.Key).SelectMany(pair => pair.Value)];
    }

    public ValueTask AppendAsync(ReadOnlyMemory<EngineEvent> events, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (FailAppends > 0)
            {
                FailAppends--;
                throw new EventLogUnavailableException("the disk is full");
            }

            foreach (EngineEvent one in events.Span)
            {
                EngineEvent e = one;
                e.Partition = PartitionOf(e.CampaignId);
                var slot = (Topic.Of(e.Kind), e.Partition);
                if (!_records.TryGetValue(slot, out List<EngineEvent>? records)) _records.Add(slot, records = []);
                e.Offset = records.Count;
                records.Add(e);
            }
        }

        return ValueTask.CompletedTask;
    }

    public int Partitions => partitions;

    public int PartitionOf(string campaignId) => campaignId.Sum(c => c) % partitions;

    public bool IsHandingOver => false;

    public int TakeNotices(ICollection<NodeNotice> into) => 0;

    public ValueTask PublishAsync(IReadOnlyList<LeaseOutcomes> outcomes, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask StartAsync(IPartitionOwner owner, CancellationToken cancellation)
        => owner.TakeAsync(
            [.. Enumerable.Range(0, partitions)],
            offsets =>
            {
                lock (_gate)
                {
                    _next.Clear();
                    foreach (PartitionOffset at in offsets) _next[(at.Topic, at.Partition)] = (int)at.NextOffset;
                }

                return ValueTask.CompletedTask;
            },
            cancellation);

    public ValueTask<IReadOnlyList<PartitionOffset>> EndOffsetsAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            IReadOnlyList<PartitionOffset> end =
                [.. Slots().Select(slot => new PartitionOffset(slot.Topic, slot.Partition, _records.TryGetValue(slot, out var records) ? records.Count : 0))];
            return ValueTask.FromResult(end);
        }
    }

    public async ValueTask<int> ReadAsync(Memory<EngineEvent> into, TimeSpan wait, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        // A live loop runs on its own thread: give others a turn.
        await Task.Yield();
        lock (_gate)
        {
            int read = 0;
            bool found = true;
            while (found && read < into.Length)
            {
                found = false;
                foreach (var slot in Slots())
                {
                    int next = _next.GetValueOrDefault(slot);
                    if (read == into.Length || !_records.TryGetValue(slot, out var records) || next == records.Count) continue;
                    into.Span[read++] = records[next];
                    _next[slot] = next + 1;
                    found = true;
                }
            }

            return read;
        }
    }

    public ValueTask PublishAsync(IReadOnlyList<DecisionRecord> decisions, CancellationToken cancellation)
    {
        lock (_gate) Published.AddRange(decisions);
        return ValueTask.CompletedTask;
    }

    public ValueTask RejectAsync(IReadOnlyList<RejectedEvent> rejected, CancellationToken cancellation)
    {
        lock (_gate) Rejected.AddRange(rejected);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private IEnumerable<(string Topic, int Partition)> Slots()
        => Topic.Inputs.SelectMany(topic => Enumerable.Range(0, partitions).Select(partition => (topic, partition)));
}
