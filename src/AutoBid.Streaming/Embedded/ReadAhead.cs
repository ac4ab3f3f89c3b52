using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.DeadLetters;
using AutoBid.Streaming.Diagnostics;

namespace AutoBid.Streaming.Embedded;

/// <summary>
/// Decodes the next batch on another thread while the owner works on the last one, as long as there is a backlog: one batch ahead and no further, so an
/// owner that falls behind stops the reading. Without a backlog the owner decodes by itself. One owner.
/// Invariant: while a job runs, the reader and the buffer belong to it alone; the owner's position tells of handed-out events only.
/// </summary>
internal sealed class ReadAhead : IDisposable
{
    private const int BatchEvents = 2048;

    private static readonly byte[] TopicOfKind = [.. Enum.GetValues<EventKind>().Select(kind => TopicIds.Of(Topic.Of(kind)))];

    private readonly LogReader _reader;
    private readonly int _partitions;
    private readonly long[] _position;
    private readonly EngineEvent[] _buffer = new EngineEvent[BatchEvents];
    private int _taken;
    private int _decoded;
    private Task<int>? _job;

    public ReadAhead(LogReader reader, int partitions, IReadOnlyList<PartitionOffset> start)
    {
        (_reader, _partitions) = (reader, partitions);
        _position = new long[TopicIds.Count * partitions];
        foreach (PartitionOffset offset in start) _position[Slot(TopicIds.Of(offset.Topic), offset.Partition)] = offset.NextOffset;
        SegmentIndex = reader.SegmentIndex;
    }

    /// <summary>Refused records that are not in a dead-letter topic yet; the position stays in front of them until <see cref="ConfirmDead"/>.</summary>
    public List<DeadLetter> Dead { get; } = [];

    /// <summary>Index of the oldest segment that something was decoded from which is not handed out yet. Any thread.</summary>
    public long SegmentIndex { get => Volatile.Read(ref field); private set => Volatile.Write(ref field, value); }

    public IReadOnlyList<PartitionOffset> Position
    {
        get
        {
            var offsets = new PartitionOffset[Topic.Inputs.Length * _partitions];
            int count = 0;
            foreach (string topic in Topic.Inputs)
                for (int partition = 0; partition < _partitions; partition++)
                    offsets[count++] = new PartitionOffset(topic, partition, _position[Slot(TopicIds.Of(topic), partition)]);
            return offsets;
        }
    }

    /// <summary>Events that are durable now; 0 with something in <see cref="Dead"/>: refused records come first; else nothing is there.</summary>
    public async ValueTask<int> ReadAsync(Memory<EngineEvent> into)
    {
        if (_job is { } job)
        {
            _job = null;
            (_taken, _decoded) = (0, 0);
            _decoded = await job.ConfigureAwait(false);
        }

        int count;
        if (_taken < _decoded)
        {
            count = Math.Min(into.Length, _decoded - _taken);
            _buffer.AsSpan(_taken, count).CopyTo(into.Span);
            _taken += count;
        }
        else
        {
            if (Dead.Count > 0) return 0;
            count = _reader.Read(into.Span, Dead);
        }

        Advance(into.Span[..count]);
        if (_taken < _decoded) return count;
        SegmentIndex = _reader.SegmentIndex;
        // A full batch: more is likely to be there.
        if (count > 0 && count >= Math.Min(into.Length, BatchEvents)) _job = Task.Run(() => _reader.Read(_buffer, Dead));
        return count;
    }

    /// <summary>The dead letters are durable: the position moves past them.</summary>
    public void ConfirmDead()
    {
        foreach (DeadLetter letter in Dead) _position[Slot(TopicIds.Of(letter.Topic), letter.Partition)] = letter.Offset + 1;
        Dead.Clear();
    }

    /// <summary>Waits for a job that runs.</summary>
    public void Dispose()
    {
        _job?.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Wait();
        _reader.Dispose();
    }

    private void Advance(ReadOnlySpan<EngineEvent> events)
    {
        Span<int> counts = stackalloc int[TopicIds.Count];
        counts.Clear();
        foreach (ref readonly EngineEvent e in events)
        {
            byte topic = TopicOfKind[(int)e.Kind];
            _position[Slot(topic, e.Partition)] = e.Offset + 1;
            counts[topic]++;
        }

        for (byte id = 0; id < counts.Length; id++)
            if (counts[id] > 0) StreamingMetrics.Read.Add(counts[id], StreamingMetrics.TopicTag(TopicIds.Name(id)));
    }

    private int Slot(byte topic, int partition) => topic * _partitions + partition;
}
