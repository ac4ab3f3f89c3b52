using System.Threading.Channels;
using AutoBid.Engine.Ports;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Kafka;

/// <summary>The consumer: explicit partitions and offsets, one thread that fetches into a bounded queue. One owner reads.</summary>
internal sealed class KafkaReader : IAsyncDisposable
{
    /// <summary>Fetched messages that nobody has read yet. When full, fetching pauses; the client's own buffer is bounded by its settings.</summary>
    private const int QueueCapacity = 8192;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly ILogger _logger;
    private readonly string _prefix;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly IAdminClient _admin;
    private readonly TimeSpan _timeout;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ConsumeResult<byte[], byte[]>> _queue = Channel.CreateBounded<ConsumeResult<byte[], byte[]>>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    private bool _started;

    public KafkaReader(EventLogOptions options, PartitionAssignment assignment, ILogger logger)
    {
        (Assignment, _logger, _prefix) = (assignment, logger, options.TopicPrefix);
        _consumer = new ConsumerBuilder<byte[], byte[]>(KafkaSettings.Consumer(options))
            .SetLogHandler((_, message) => logger.LogDebug("{Facility}: {Message}", message.Facility, message.Message))
            .SetErrorHandler((_, error) => logger.LogDebug("consumer: {Reason}", error.Reason))
            .Build();
        _admin = new DependentAdminClientBuilder(_consumer.Handle).Build();
        _timeout = options.AppendTimeout;
    }

    public PartitionAssignment Assignment { get; }

    /// <summary>Completes with InvalidOperationException when reading cannot go on (the offset wanted is gone).</summary>
    public ChannelReader<ConsumeResult<byte[], byte[]>> Messages => _queue.Reader;

    /// <summary>Oldest offsets kept, or end offsets, of the owned partitions, asked of their leaders; in the order of the assignment.</summary>
    public async Task<long[]> OffsetsAsync(OffsetSpec which, CancellationToken cancellation)
    {
        // One request to each leader. The consumer's QueryWatermarkOffsets would take two round trips for each partition: 0.3 s for twenty.
        var options = new ListOffsetsOptions { RequestTimeout = _timeout, IsolationLevel = IsolationLevel.ReadCommitted };
        IEnumerable<TopicPartitionOffsetSpec> specs = Assignment.Owned.Select(
            one => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(_prefix + one.Topic, one.Partition), OffsetSpec = which });
        ListOffsetsResult result = await _admin.ListOffsetsAsync(specs, options).WaitAsync(cancellation);
        long[] offsets = new long[Assignment.Owned.Count];
        Array.Fill(offsets, -1);
        foreach (TopicPartitionOffsetError answer in result.ResultInfos.Select(info => info.TopicPartitionOffsetError))
        {
            if (answer.Error.IsError) throw new KafkaException(answer.Error);
            offsets[Assignment.IndexOf(answer.Topic[_prefix.Length..], answer.Partition.Value)] = answer.Offset.Value;
        }

        return offsets.Contains(-1) ? throw new KafkaException(new Error(ErrorCode.Local_Partial, "some partitions did not tell their offsets")) : offsets;
    }

    public void Start(IReadOnlyList<PartitionOffset> offsets)
    {
        _consumer.Assign(offsets.Select(offset => new TopicPartitionOffset(_prefix + offset.Topic, offset.Partition, offset.NextOffset)));
        _started = true;
        new Thread(Fetch) { IsBackground = true, Name = "event log reader" }.Start();
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

    private void Fetch()
    {
        Exception? failure = null;
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                if (Consume() is { } message && !_queue.Writer.TryWrite(message)) _queue.Writer.WriteAsync(message, _stop.Token).AsTask().GetAwaiter().GetResult();
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

    private ConsumeResult<byte[], byte[]>? Consume()
    {
        try
        {
            ConsumeResult<byte[], byte[]>? message = _consumer.Consume(PollInterval);
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
