using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.DeadLetters;
using AutoBid.Streaming.Diagnostics;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Partitioning;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Embedded;

/// <summary>
/// The event log of one node: all topics in one sequence of append-only files, each record tagged with topic, partition and offset, so that an append of
/// any mixture costs one fsync. Appends from many threads are committed in groups; reading gives the input events in the order of the log.
/// </summary>
public sealed class EmbeddedEventLog : IEventLog, IDeadLetterLog
{
    private readonly ICampaignNames _names;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly SegmentStore _store;
    private readonly GroupCommit _writer;
    private readonly bool _acceptDamage;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReadAhead? _reader;
    private bool _disposed;

    /// <summary>Opens or creates the log. A torn tail is cut off and logged; a log that cannot be read throws InvalidDataException, one in use IOException.</summary>
    public EmbeddedEventLog(EventLogOptions options, ICampaignNames names, ILogger<EmbeddedEventLog> logger, TimeProvider time)
        : this(options, names, logger, time, path => new LogFile(path))
    {
    }

    internal EmbeddedEventLog(EventLogOptions options, ICampaignNames names, ILogger logger, TimeProvider time, Func<string, ILogFile> open)
    {
        (_names, _logger, _time, _acceptDamage) = (names, logger, time, options.AcceptDamage);
        if (!options.Fsync) logger.LogWarning("fsync is off: a power cut may lose acknowledged events");
        _store = new SegmentStore(options, time, logger, open);
        _writer = new GroupCommit(_store, options.QueueCapacity, logger, Committed);
    }

    public bool IsAvailable => _writer.IsAvailable;

    /// <summary>Partitions of each keyed topic.</summary>
    public int Partitions => _store.Partitions;

    /// <summary>Bytes of a torn tail that opening this log cut off.</summary>
    public long TornBytes => _store.TornBytes;

    public IReadOnlyList<PartitionOffset> Position => Reader.Position;

    private ReadAhead Reader => _reader ?? throw new InvalidOperationException("StartAsync comes first");

    /// <summary>Throws ArgumentException, and appends nothing, when an event could not be read back.</summary>
    public ValueTask AppendAsync(ReadOnlyMemory<EngineEvent> events, CancellationToken cancellation)
    {
        if (events.IsEmpty) return ValueTask.CompletedTask;
        var append = new AppendBuffer();
        try
        {
            foreach (ref readonly EngineEvent e in events.Span) Encode(append, e);
        }
        catch
        {
            append.Release();
            throw;
        }

        return _writer.AppendAsync(append, cancellation);
    }

    /// <summary>Appends a payload as it is: what a producer that is not ours would write. The partition follows from the key.</summary>
    public ValueTask AppendRawAsync(string topic, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        byte id = TopicIds.Of(topic);
        var append = new AppendBuffer();
        append.BeginRecord(key.Span);
        payload.Span.CopyTo(append.GetSpan(payload.Length));
        append.Advance(payload.Length);
        append.EndRecord(id, Murmur2.Partition(key.Span, Partitions));
        return _writer.AppendAsync(append, cancellation);
    }

    /// <summary>One process has the log, so it is given all partitions, once.</summary>
    public ValueTask StartAsync(IPartitionOwner owner, CancellationToken cancellation)
    {
        int[] all = [.. Enumerable.Range(0, Partitions)];
        return owner.TakeAsync(
            all,
            offsets =>
            {
                Segment first = _store.First;
                DurableEnd end = _store.Durable;
                List<PartitionOffset> start = StartOffsets.Resolve(
                    offsets, Partitions, all, (topic, partition) => (first.BaseOffsets[Slot(topic, partition)], end.Next[Slot(topic, partition)]), _logger);
                ReadAhead? previous = _reader;
                Volatile.Write(ref _reader, new ReadAhead(new LogReader(_store, start, _names, _logger, _acceptDamage), Partitions, start));
                previous?.Dispose();
                return ValueTask.CompletedTask;
            },
            cancellation);
    }

    public int PartitionOf(string campaignId) => Murmur2.Partition(campaignId, Partitions);

    public bool IsHandingOver => false;

    /// <summary>None: there is no other node to hear from.</summary>
    public int TakeNotices(ICollection<NodeNotice> into) => 0;

    /// <summary>Nothing: there is no other node to tell.</summary>
    public ValueTask PublishAsync(IReadOnlyList<LeaseOutcomes> outcomes, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask<IReadOnlyList<PartitionOffset>> EndOffsetsAsync(CancellationToken cancellation)
    {
        DurableEnd end = _store.Durable;
        var offsets = new List<PartitionOffset>(Topic.Inputs.Length * Partitions);
        foreach (string topic in Topic.Inputs)
            for (int partition = 0; partition < Partitions; partition++)
                offsets.Add(new PartitionOffset(topic, partition, end.Next[Slot(topic, partition)]));
        if (_reader is { } reader) StreamingMetrics.RecordLag(offsets, reader.Position);
        return ValueTask.FromResult<IReadOnlyList<PartitionOffset>>(offsets);
    }

    public async ValueTask<int> ReadAsync(Memory<EngineEvent> into, TimeSpan wait, CancellationToken cancellation)
    {
        ReadAhead reader = Reader;
        long started = _time.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            // Taken before looking: a commit after the look completes this task.
            Task changed = Volatile.Read(ref _changed).Task;
            int count = await reader.ReadAsync(into);
            if (count > 0) return count;
            if (reader.Dead.Count > 0)
            {
                await WriteDeadAsync(reader.Dead, cancellation);
                reader.ConfirmDead();
                // The position moved: a caller that waits for it must not wait for an event as well.
                wait = TimeSpan.Zero;
                continue;
            }

            TimeSpan left = wait - _time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero || into.IsEmpty) return 0;
            await changed.WaitAsync(left, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public ValueTask PublishAsync(IReadOnlyList<DecisionRecord> decisions, CancellationToken cancellation)
    {
        if (decisions.Count == 0) return ValueTask.CompletedTask;
        var append = new AppendBuffer();
        foreach (DecisionRecord decision in decisions)
        {
            int partition = Murmur2.Partition(decision.CampaignId, Partitions);
            append.BeginRecord(decision.CampaignId);
            DecisionWriter.WriteDecision(decision, append);
            append.EndRecord(TopicIds.Of(Topic.Decisions), partition);
            append.BeginRecord(decision.CampaignId);
            DecisionWriter.WriteMultiplier(decision, append);
            append.EndRecord(TopicIds.Of(Topic.Multipliers), partition);
        }

        return _writer.AppendAsync(append, cancellation);
    }

    public ValueTask RejectAsync(IReadOnlyList<RejectedEvent> rejected, CancellationToken cancellation)
        => rejected.Count == 0 ? ValueTask.CompletedTask : WriteDeadAsync([.. rejected.Select(one => DeadLetter.Of(one, _names))], cancellation);

    public ValueTask DeadLetterAsync(DeadLetter letter, CancellationToken cancellation) => WriteDeadAsync([letter], cancellation);

    /// <summary>Every record of a topic that is durable now, in order: decisions for exports and the console, dead letters. Independent of the reader.</summary>
    public IEnumerable<LogRecord> Scan(string topic)
    {
        byte id = TopicIds.Of(topic);
        DurableEnd end = _store.Durable;
        for (Segment? segment = _store.First; segment is not null; segment = segment == end.Segment ? null : segment.Next)
        {
            using var scanner = new RecordScanner(segment);
            while (NextOf(scanner, segment == end.Segment ? end.Position : segment.Length, id, topic) is { } record) yield return record;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _writer.DisposeAsync();
        _reader?.Dispose();
        _store.Dispose();
    }

    private static LogRecord? NextOf(RecordScanner scanner, long limit, byte id, string topic)
    {
        while (scanner.TryPeek(limit, out ReadOnlySpan<byte> record))
        {
            scanner.Advance(record);
            if (RecordFormat.TopicId(record) != id) continue;
            return new LogRecord(
                topic, RecordFormat.Partition(record), RecordFormat.Offset(record), RecordFormat.TimeTicks(record),
                RecordFormat.Key(record).ToArray(), RecordFormat.Payload(record).ToArray());
        }

        return null;
    }

    private void Encode(AppendBuffer append, in EngineEvent e)
    {
        string topic = Topic.Of(e.Kind);
        if (e.CampaignId is not { Length: > 0 and <= EventFields.MaxName }) throw new ArgumentException("an event needs a campaign");
        append.BeginRecord(e.CampaignId);
        EventWriter.Write(e, _names, append);
        EventReader.Require(topic, append.EndRecord(TopicIds.Of(topic), Murmur2.Partition(e.CampaignId, Partitions)), _names);
    }

    private async ValueTask WriteDeadAsync(IReadOnlyList<DeadLetter> letters, CancellationToken cancellation)
    {
        var append = new AppendBuffer();
        foreach (DeadLetter letter in letters)
        {
            append.BeginRecord(default(ReadOnlySpan<byte>));
            letter.Write(append);
            append.EndRecord(TopicIds.Of(Topic.Dead(letter.Topic)), partition: 0);
        }

        await _writer.AppendAsync(append, cancellation);
        foreach (DeadLetter letter in letters)
        {
            StreamingMetrics.Dead.Add(1, StreamingMetrics.TopicTag(letter.Topic), StreamingMetrics.ReasonTag(letter.Code));
            _logger.LogWarning("{Topic}/{Partition}@{Offset} went to the dead letters: {Reason}", letter.Topic, letter.Partition, letter.Offset, letter.Reason);
        }
    }

    private void Committed()
    {
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        if (Volatile.Read(ref _reader) is not { } reader) return;
        try
        {
            _store.Retain(reader.SegmentIndex);
        }
        catch (IOException e)
        {
            _logger.LogWarning(e, "an old segment could not be deleted");
        }
    }

    private int Slot(string topic, int partition) => TopicIds.Of(topic) * Partitions + partition;
}
