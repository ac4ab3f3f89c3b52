using System.Threading.Channels;
using AutoBid.Engine.Ports;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Kafka;

/// <summary>
/// The consumer: one thread that fetches into a bounded queue, from explicit partitions or from those that the consumer group gives. One owner reads.
/// </summary>
internal sealed class KafkaReader : IAsyncDisposable
{
    /// <summary>
    /// Most messages that are handed over at once: one at a time, every one of them would wake the owner's loop.
    /// </summary>
    private const int LargestBatch = 512;

    /// <summary>
    /// Batches that nobody has read yet. When it stays full the partitions are paused and the client is only polled, so that the group does not take a busy
    /// node for a dead one.
    /// </summary>
    private const int QueueCapacity = 16;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PausesAfter = TimeSpan.FromMilliseconds(500);

    private readonly ILogger _logger;
    private readonly string _prefix;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly IAdminClient _admin;
    private readonly TimeSpan _timeout;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<Fetched> _queue = Channel.CreateBounded<Fetched>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    // Being fetched, under this assignment. Fetching thread only.
    private readonly List<ConsumeResult<byte[], byte[]>> _batch = new(LargestBatch);
    private int _batchGeneration;

    // Fetched while the queue was full. Fetching thread only.
    private readonly Queue<Fetched> _waiting = [];

    // Paused by this reader and not resumed. A partition keeps its pause while another node has it. Fetching thread only.
    private readonly HashSet<TopicPartition> _paused = [];

    private bool _started;
    private int _generation;

    /// <param name="member">Null: partitions are named by <see cref="Start"/>; else the group of the options deals them out.</param>
    public KafkaReader(EventLogOptions options, IGroupMember? member, ILogger logger)
    {
        (_logger, _prefix, _timeout) = (logger, options.TopicPrefix, options.AppendTimeout);
        ConsumerBuilder<byte[], byte[]> builder = new ConsumerBuilder<byte[], byte[]>(KafkaSettings.Consumer(options))
            .SetLogHandler((_, message) => logger.LogDebug("{Facility}: {Message}", message.Facility, message.Message))
            .SetErrorHandler((_, error) => logger.LogDebug("consumer: {Reason}", error.Reason));
        if (member is not null)
        {
            builder.SetPartitionsAssignedHandler((_, given) => Place(member.Given(NumbersOf(given)), given))
                .SetPartitionsRevokedHandler((_, taken) => member.Taken(NumbersOf(taken.Select(one => one.TopicPartition))))
                .SetPartitionsLostHandler((_, taken) => member.Taken(NumbersOf(taken.Select(one => one.TopicPartition))));
        }

        _consumer = builder.Build();
        _admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
    }

    /// <summary>Completes with InvalidOperationException when reading cannot go on (the offset wanted is gone).</summary>
    public ChannelReader<Fetched> Messages => _queue.Reader;

    /// <summary>Begins the next assignment: messages of the ones before are told by their number.</summary>
    public int NextGeneration() => ++_generation;

    /// <summary>Oldest offsets kept, or end offsets, of the owned partitions, asked of their leaders; in the order of the assignment.</summary>
    public async Task<long[]> OffsetsAsync(PartitionAssignment assignment, OffsetSpec which, CancellationToken cancellation)
    {
        if (assignment.Owned.Count == 0) return [];
        // One request to each leader. The consumer's QueryWatermarkOffsets would take two round trips for each partition: 0.3 s for twenty.
        var options = new ListOffsetsOptions { RequestTimeout = _timeout, IsolationLevel = IsolationLevel.ReadCommitted };
        IEnumerable<TopicPartitionOffsetSpec> specs = assignment.Owned.Select(
            one => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(_prefix + one.Topic, one.Partition), OffsetSpec = which });
        ListOffsetsResult result;
        try
        {
            result = await _admin.ListOffsetsAsync(specs, options).WaitAsync(cancellation);
        }
        catch (ListOffsetsException e)
        {
            // The client goes on asking with the leader epoch that it knows, and does not ask for a newer one: a broker that was restarted would be
            // out of reach until the client's next look at the metadata, minutes later. What failed is asked again by the caller.
            await Task.Run(() => _admin.GetMetadata(_timeout), cancellation).WaitAsync(cancellation);
            // The exception's own message does not say which partition, nor why.
            TopicPartitionOffsetError first = e.Result.ResultInfos.Select(info => info.TopicPartitionOffsetError).First(one => one.Error.IsError);
            throw new KafkaException(new Error(first.Error.Code, $"{first.TopicPartition}: {first.Error.Reason}"), e);
        }

        long[] offsets = new long[assignment.Owned.Count];
        Array.Fill(offsets, -1);
        foreach (TopicPartitionOffsetError answer in result.ResultInfos.Select(info => info.TopicPartitionOffsetError))
        {
            if (answer.Error.IsError) throw new KafkaException(answer.Error);
            offsets[assignment.IndexOf(answer.Topic[_prefix.Length..], answer.Partition.Value)] = answer.Offset.Value;
        }

        return offsets.Contains(-1) ? throw new KafkaException(new Error(ErrorCode.Local_Partial, "some partitions did not tell their offsets")) : offsets;
    }

    /// <summary>Fetches from these offsets, as the only owner.</summary>
    public void Start(IReadOnlyList<PartitionOffset> offsets)
    {
        _consumer.Assign(offsets.Select(Place));
        Fetching();
    }

    /// <summary>Joins the group and fetches what it gives.</summary>
    public void Join()
    {
        _consumer.Subscribe(Topic.Inputs.Select(topic => _prefix + topic));
        Fetching();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_started) await _ended.Task;
        await Task.Run(() =>
        {
            _admin.Dispose();
            _consumer.Close();
            _consumer.Dispose();
        });
        _stop.Dispose();
    }

    private static int[] NumbersOf(IEnumerable<TopicPartition> partitions) => [.. partitions.Select(one => one.Partition.Value).Distinct().Order()];

    private TopicPartitionOffset Place(PartitionOffset offset) => new(_prefix + offset.Topic, offset.Partition, offset.NextOffset);

    private TopicPartitionOffset[] Place(IReadOnlyList<PartitionOffset> offsets, List<TopicPartition> given)
    {
        TopicPartitionOffset[] placed = [.. offsets.Select(Place)];
        if (placed.Length != given.Count || placed.Any(one => !given.Contains(one.TopicPartition)))
            throw new InvalidOperationException("the group gave other partitions of one topic than of another: every node must use the range assignor");
        return placed;
    }

    private void Fetching()
    {
        _started = true;
        new Thread(Fetch) { IsBackground = true, Name = "event log reader" }.Start();
    }

    private void Fetch()
    {
        Exception? failure = null;
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                if (_paused.Count > 0) Resume();
                if (!TryFetch(PollInterval)) continue;
                // As far as the client has messages at hand: an event never waits for the next one.
                while (_batch.Count < LargestBatch && TryFetch(TimeSpan.Zero))
                {
                }

                Enqueue();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed while waiting for room.
        }
        catch (Exception e)
        {
            failure = e;
            _logger.LogError(e, "reading from Kafka ended: {Reason}", e.Message);
        }

        _queue.Writer.TryComplete(failure);
        _ended.SetResult();
    }

    /// <summary>Adds what is fetched within <paramref name="wait"/> to the batch. False: nothing was.</summary>
    private bool TryFetch(TimeSpan wait)
    {
        if (Consume(wait) is not { } message) return false;
        // A new assignment begins at its own offsets: what was fetched before it comes again.
        if (_batchGeneration != _generation) _batch.Clear();
        _batchGeneration = _generation;
        _batch.Add(message);
        return true;
    }

    private Fetched TakeBatch()
    {
        var fetched = new Fetched([.. _batch], _batchGeneration);
        _batch.Clear();
        return fetched;
    }

    private void Enqueue()
    {
        _waiting.Enqueue(TakeBatch());
        while (_waiting.TryPeek(out Fetched next))
        {
            if (next.Assignment != _generation || _queue.Writer.TryWrite(next)) _waiting.Dequeue();
            else if (!_queue.Writer.WaitToWriteAsync(_stop.Token).AsTask().Wait((int)PausesAfter.TotalMilliseconds, _stop.Token))
            {
                Pause();
                if (TryFetch(TimeSpan.Zero)) _waiting.Enqueue(TakeBatch());
            }
        }
    }

    /// <summary>What the client had fetched ahead is dropped by a pause and fetched again: the price of staying in the group.</summary>
    private void Pause()
    {
        TopicPartition[] running = [.. _consumer.Assignment.Where(one => !_paused.Contains(one))];
        if (running.Length == 0) return;
        _consumer.Pause(running);
        _paused.UnionWith(running);
    }

    private void Resume()
    {
        TopicPartition[] ready = [.. _consumer.Assignment.Where(_paused.Contains)];
        if (ready.Length == 0) return;
        _consumer.Resume(ready);
        _paused.ExceptWith(ready);
    }

    private ConsumeResult<byte[], byte[]>? Consume(TimeSpan wait)
    {
        try
        {
            ConsumeResult<byte[], byte[]>? message = _consumer.Consume(wait);
            // From here on topics bear their own names.
            if (message is not null) message.Topic = message.Topic[_prefix.Length..];
            return message;
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            throw new InvalidOperationException($"an offset to read is not in the log any more: {e.Error.Reason}", e);
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            // The client reconnects by itself; positions stay where they are.
            _logger.LogDebug("consumer: {Reason}", e.Error.Reason);
            return null;
        }
    }
}
