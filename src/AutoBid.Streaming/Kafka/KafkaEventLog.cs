using System.Buffers;
using System.Text;
using System.Threading.Channels;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.DeadLetters;
using AutoBid.Streaming.Diagnostics;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Partitioning;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Kafka;

/// <summary>
/// The event log in Kafka: idempotent appends acknowledged by all in-sync replicas; reading from offsets that the ledger store keeps, of all partitions or of
/// those that the consumer group gives this node. An event in the wrong partition is forwarded to the right one, one that cannot be parsed goes to <c>topic.dead</c>; both before the position passes them.
/// </summary>
public sealed class KafkaEventLog : IEventLog, IDeadLetterLog, IGroupMember
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly EventLogOptions _options;
    private readonly ICampaignNames _names;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly DurableProducer _producer;
    private readonly KafkaTopics _topics;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watch;
    private Task<int>? _ensured;
    private KafkaReader? _reader;
    private KafkaFeed? _feed;
    private IPartitionOwner? _owner;

    // Replaced only while the owner's loop stands still.
    private volatile KafkaInbox? _inbox;
    private volatile bool _available;
    private volatile bool _handingOver;
    private int _partitions;
    private bool _disposed;

    public KafkaEventLog(EventLogOptions options, ICampaignNames names, ILogger<KafkaEventLog> logger, TimeProvider time)
    {
        if (string.IsNullOrWhiteSpace(options.Kafka)) throw new ArgumentException("Kafka needs bootstrap servers", nameof(options));
        (_options, _names, _logger, _time) = (options, names, logger, time);
        _producer = new DurableProducer(options, time, logger, SetAvailable);
        _topics = new KafkaTopics(options, time, logger);
        _watch = WatchAsync();
    }

    public bool IsAvailable => _available;

    public int Partitions => _partitions;

    public bool IsHandingOver => _handingOver;

    public IReadOnlyList<PartitionOffset> Position => Inbox.Position;

    public int PartitionOf(string campaignId) => Murmur2.Partition(campaignId, _partitions);

    public int TakeNotices(ICollection<NodeNotice> into) => _feed?.Take(into) ?? 0;

    private KafkaInbox Inbox => _inbox ?? throw new InvalidOperationException("StartAsync comes first");

    private KafkaReader Reader => _reader ?? throw new InvalidOperationException("StartAsync comes first");

    /// <summary>Throws ArgumentException, and appends nothing, when an event could not be read back.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<EngineEvent> events, CancellationToken cancellation)
    {
        if (events.IsEmpty) return;
        List<OutgoingMessage> messages = Encode(events.Span);
        await EnsureTopicsAsync(cancellation);
        await _producer.ProduceAsync(messages, cancellation);
    }

    /// <summary>
    /// Returns when reading has begun, or the group is joined: keeps trying while the brokers are down. Throws InvalidOperationException when topics or
    /// offsets are wrong.
    /// </summary>
    public async ValueTask StartAsync(IPartitionOwner owner, CancellationToken cancellation)
    {
        _owner = owner;
        bool said = false;
        while (true)
        {
            try
            {
                await BeginAsync(cancellation);
                SetAvailable(true, "");
                return;
            }
            catch (Exception e) when (e is KafkaException or EventLogUnavailableException)
            {
                SetAvailable(false, e.Message);
                if (!said) _logger.LogWarning("Kafka at {Servers} does not answer ({Reason}); trying again every {Seconds} s", _options.Kafka, e.Message, RetryInterval.TotalSeconds);
                said = true;
                await Task.Delay(RetryInterval, _time, cancellation);
            }
        }
    }

    /// <summary>Runs on the fetching thread, inside the client's rebalance: blocks it, not the client's heartbeats.</summary>
    IReadOnlyList<PartitionOffset> IGroupMember.Given(IReadOnlyList<int> partitions)
    {
        _logger.LogInformation("given the partitions {Partitions}", string.Join(", ", partitions));
        IReadOnlyList<PartitionOffset> start = [];
        HandOver(async () =>
        {
            while (true)
            {
                try
                {
                    start = await TakeAsync(_reader!, partitions, _stop.Token);
                    return;
                }
                catch (KafkaException e)
                {
                    _logger.LogWarning("where to read is not known yet ({Reason}); asking again", e.Error.Reason);
                    await Task.Delay(RetryInterval, _time, _stop.Token);
                }
            }
        });
        return start;
    }

    void IGroupMember.Taken(IReadOnlyList<int> partitions)
    {
        _logger.LogInformation("gave up the partitions {Partitions}", string.Join(", ", partitions));
        KafkaReader reader = _reader!;
        HandOver(() => _owner!.GiveUpAsync(partitions, () => _inbox = Empty(reader), CancellationToken.None).AsTask());
    }

    public async ValueTask<IReadOnlyList<PartitionOffset>> EndOffsetsAsync(CancellationToken cancellation)
    {
        KafkaReader reader = Reader;
        // Ours, queued but not acknowledged, get their offsets first.
        await _producer.FlushAsync(cancellation);
        try
        {
            PartitionAssignment assignment = Inbox.Assignment;
            long[] ends = await reader.OffsetsAsync(assignment, OffsetSpec.Latest(), cancellation);
            PartitionOffset[] offsets = [.. assignment.Owned.Select((one, i) => new PartitionOffset(one.Topic, one.Partition.Value, ends[i]))];
            StreamingMetrics.RecordLag(offsets, Position);
            return offsets;
        }
        catch (KafkaException e)
        {
            SetAvailable(false, e.Error.Reason);
            throw new EventLogUnavailableException($"Kafka does not tell its end offsets: {e.Error.Reason}", e);
        }
    }

    public async ValueTask<int> ReadAsync(Memory<EngineEvent> into, TimeSpan wait, CancellationToken cancellation)
    {
        KafkaInbox inbox = Inbox;
        if (!inbox.HasMore && !await WaitAsync(Reader.Messages, wait, cancellation)) return 0;
        int count = inbox.Take(into.Span);
        if (inbox.Displaced.Count > 0 || inbox.Dead.Count > 0)
        {
            try
            {
                await _producer.ProduceAsync([.. inbox.Displaced, .. inbox.Dead.Select(ToMessage)], cancellation);
            }
            catch
            {
                inbox.PutBack();
                throw;
            }

            foreach (OutgoingMessage message in inbox.Displaced) StreamingMetrics.Forwarded.Add(1, StreamingMetrics.TopicTag(message.Topic));
            foreach (DeadLetter letter in inbox.Dead) Count(letter);
        }

        inbox.Confirm();
        return count;
    }

    public async ValueTask PublishAsync(IReadOnlyList<DecisionRecord> decisions, CancellationToken cancellation)
    {
        if (decisions.Count == 0) return;
        var messages = new List<OutgoingMessage>(2 * decisions.Count);
        var buffer = new ArrayBufferWriter<byte>(1024);
        foreach (DecisionRecord decision in decisions)
        {
            byte[] key = Encoding.UTF8.GetBytes(decision.CampaignId);
            DecisionWriter.WriteDecision(decision, buffer);
            messages.Add(new OutgoingMessage(Topic.Decisions, key, Take(buffer)));
            DecisionWriter.WriteMultiplier(decision, buffer);
            messages.Add(new OutgoingMessage(Topic.Multipliers, key, Take(buffer)));
        }

        await EnsureTopicsAsync(cancellation);
        await _producer.ProduceAsync(messages, cancellation);
    }

    public async ValueTask PublishAsync(IReadOnlyList<LeaseOutcomes> outcomes, CancellationToken cancellation)
    {
        if (outcomes.Count == 0 || _options.Group is null) return;
        var messages = new List<OutgoingMessage>(outcomes.Count);
        var buffer = new ArrayBufferWriter<byte>(512);
        foreach (LeaseOutcomes one in outcomes)
        {
            OutcomesJson.Write(one, buffer);
            messages.Add(new OutgoingMessage(Topic.Outcomes, Encoding.UTF8.GetBytes(one.Node), Take(buffer)));
        }

        await EnsureTopicsAsync(cancellation);
        await _producer.ProduceAsync(messages, cancellation);
    }

    public async ValueTask RejectAsync(IReadOnlyList<RejectedEvent> rejected, CancellationToken cancellation)
    {
        if (rejected.Count == 0) return;
        DeadLetter[] letters = [.. rejected.Select(one => DeadLetter.Of(one, _names))];
        await EnsureTopicsAsync(cancellation);
        await _producer.ProduceAsync([.. letters.Select(ToMessage)], cancellation);
        foreach (DeadLetter letter in letters) Count(letter);
    }

    public async ValueTask DeadLetterAsync(DeadLetter letter, CancellationToken cancellation)
    {
        await EnsureTopicsAsync(cancellation);
        await _producer.ProduceAsync([ToMessage(letter)], cancellation);
        Count(letter);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await _stop.CancelAsync();
        await _watch;
        // Leaving the group hands the partitions over: the owner still commits, so it goes first.
        if (_reader is not null) await _reader.DisposeAsync();
        if (_feed is not null) await _feed.DisposeAsync();
        await _producer.DisposeAsync();
        _topics.Dispose();
        _stop.Dispose();
    }

    private static byte[] Take(ArrayBufferWriter<byte> buffer)
    {
        byte[] bytes = buffer.WrittenSpan.ToArray();
        buffer.ResetWrittenCount();
        return bytes;
    }

    private static OutgoingMessage ToMessage(DeadLetter letter)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        letter.Write(buffer);
        return new OutgoingMessage(Topic.Dead(letter.Topic), null, buffer.WrittenSpan.ToArray(), "autobid-reason", Encoding.UTF8.GetBytes(letter.Code));
    }

    private async Task BeginAsync(CancellationToken cancellation)
    {
        _partitions = await EnsureTopicsAsync(cancellation);
        if (_reader is not null) await _reader.DisposeAsync();
        var reader = new KafkaReader(_options, _options.Group is null ? null : this, _logger);
        try
        {
            if (_options.Group is null)
            {
                IReadOnlyList<PartitionOffset> start = await TakeAsync(reader, PartitionAssignment.All(_partitions).Numbers, cancellation);
                reader.Start(start);
            }
            else
            {
                _inbox = Empty(reader);
                _feed ??= new KafkaFeed(_options, _partitions, _names, _logger);
                _reader = reader;
                reader.Join();
            }

            _reader = reader;
        }
        catch
        {
            await reader.DisposeAsync();
            _reader = null;
            throw;
        }
    }

    private async Task<IReadOnlyList<PartitionOffset>> TakeAsync(KafkaReader reader, IReadOnlyList<int> partitions, CancellationToken cancellation)
    {
        var assignment = new PartitionAssignment(_partitions, partitions);
        List<PartitionOffset> start = [];
        await _owner!.TakeAsync(
            partitions,
            async offsets =>
            {
                // Asked after the claim: until then the last owner may have committed further.
                long[] low = await reader.OffsetsAsync(assignment, OffsetSpec.Earliest(), cancellation);
                long[] high = await reader.OffsetsAsync(assignment, OffsetSpec.Latest(), cancellation);
                start = StartOffsets.Resolve(
                    offsets, _partitions, partitions,
                    (topic, partition) => (low[assignment.IndexOf(topic, partition)], high[assignment.IndexOf(topic, partition)]), _logger);
                _inbox = new KafkaInbox(reader, assignment, reader.NextGeneration(), start, _names);
            },
            cancellation);
        return start;
    }

    private KafkaInbox Empty(KafkaReader reader) => new(reader, new PartitionAssignment(_partitions, []), reader.NextGeneration(), [], _names);

    private void HandOver(Func<Task> work)
    {
        _handingOver = true;
        try
        {
            Task.Run(work).GetAwaiter().GetResult();
        }
        finally
        {
            _handingOver = false;
        }
    }

    private async ValueTask<bool> WaitAsync(ChannelReader<Fetched> messages, TimeSpan wait, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (wait <= TimeSpan.Zero && !messages.Completion.IsCompleted) return false;
        using var limit = new CancellationTokenSource(wait, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await messages.WaitToReadAsync(both.Token) ? true : throw new EventLogUnavailableException("the event log is closed");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Count(DeadLetter letter)
    {
        StreamingMetrics.Dead.Add(1, StreamingMetrics.TopicTag(letter.Topic), StreamingMetrics.ReasonTag(letter.Code));
        _logger.LogWarning("{Topic}/{Partition}@{Offset} went to the dead letters: {Reason}", letter.Topic, letter.Partition, letter.Offset, letter.Reason);
    }

    private List<OutgoingMessage> Encode(ReadOnlySpan<EngineEvent> events)
    {
        var messages = new List<OutgoingMessage>(events.Length);
        var buffer = new ArrayBufferWriter<byte>(512);
        foreach (ref readonly EngineEvent e in events)
        {
            string topic = Topic.Of(e.Kind);
            EventWriter.Write(e, _names, buffer);
            EventReader.Require(topic, buffer.WrittenSpan, _names);
            messages.Add(new OutgoingMessage(topic, Encoding.UTF8.GetBytes(e.CampaignId), Take(buffer)));
        }

        return messages;
    }

    // Producing to a topic that does not exist would let the broker make it, with its own partition count and clean-up.
    private async ValueTask<int> EnsureTopicsAsync(CancellationToken cancellation)
    {
        Task<int> ensured;
        lock (_gate)
        {
            if (_ensured is null || _ensured.IsFaulted || _ensured.IsCanceled) _ensured = _topics.EnsureAsync(_stop.Token);
            ensured = _ensured;
        }

        try
        {
            return await ensured.WaitAsync(cancellation);
        }
        catch (KafkaException e)
        {
            SetAvailable(false, e.Error.Reason);
            throw new EventLogUnavailableException($"Kafka does not answer: {e.Error.Reason}", e);
        }
    }

    private void SetAvailable(bool available, string reason)
    {
        if (_available == available) return;
        _available = available;
        if (available) _logger.LogInformation("Kafka at {Servers} takes appends", _options.Kafka);
        else _logger.LogError("Kafka at {Servers} takes no appends: {Reason}", _options.Kafka, reason);
    }

    // Without appends nothing would tell that the brokers are back.
    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(RetryInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                if (_available || _reader is null) continue;
                try
                {
                    await _topics.PingAsync(_stop.Token);
                    SetAvailable(true, "");
                }
                catch (KafkaException e)
                {
                    _logger.LogDebug("Kafka still does not answer: {Reason}", e.Error.Reason);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
