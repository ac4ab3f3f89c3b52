using System.Diagnostics;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>
/// A log whose content shows only once it is opened, so that the engine starts as on an idle day and then works off what is there in its live loop;
/// and the time that reading took on the caller's thread.
/// </summary>
internal sealed class TimedLog(IEventLog inner) : IEventLog
{
    private volatile bool _open;
    private long _reading;

    public IReadOnlyList<PartitionOffset> Position => inner.Position;

    public bool IsAvailable => inner.IsAvailable;

    public long EventsRead { get; private set; }

    public TimeSpan Reading => Stopwatch.GetElapsedTime(0, _reading);

    public void Open() => _open = true;

    public int Partitions => inner.Partitions;

    public bool IsHandingOver => inner.IsHandingOver;

    public int PartitionOf(string campaignId) => inner.PartitionOf(campaignId);

    public ValueTask AppendAsync(ReadOnlyMemory<EngineEvent> events, CancellationToken cancellation) => inner.AppendAsync(events, cancellation);

    public ValueTask StartAsync(IPartitionOwner owner, CancellationToken cancellation) => inner.StartAsync(owner, cancellation);

    public int TakeNotices(ICollection<NodeNotice> into) => inner.TakeNotices(into);

    public ValueTask PublishAsync(IReadOnlyList<LeaseOutcomes> outcomes, CancellationToken cancellation) => ValueTask.CompletedTask;

    public async ValueTask<IReadOnlyList<PartitionOffset>> EndOffsetsAsync(CancellationToken cancellation)
        => _open ? await inner.EndOffsetsAsync(cancellation) : inner.Position;

    public async ValueTask<int> ReadAsync(Memory<EngineEvent> into, TimeSpan wait, CancellationToken cancellation)
    {
        if (!_open)
        {
            await Task.Delay(wait, cancellation);
            return 0;
        }

        long started = Stopwatch.GetTimestamp();
        int read = await inner.ReadAsync(into, wait, cancellation);
        _reading += Stopwatch.GetTimestamp() - started;
        EventsRead += read;
        return read;
    }

    public ValueTask PublishAsync(IReadOnlyList<DecisionRecord> decisions, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask RejectAsync(IReadOnlyList<RejectedEvent> rejected, CancellationToken cancellation)
        => throw new InvalidOperationException($"The engine refused {rejected.Count} events of the benchmark: {rejected[0].Reason}.");

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
