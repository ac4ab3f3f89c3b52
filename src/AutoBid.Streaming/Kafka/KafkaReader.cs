using System.Threading.Channels;
using AutoBid.Engine.Ports;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Kafka;

/// <summary>The consumer: explicit partitions and offsets, one thread that fetches into a bounded queue. One owner reads.</summary>
internal sealed class KafkaReader : IAsyncDisposable
{
    /// <summary>Fetched messages that nobody has read yet. When full, fetching pauses; the client's own buffer is bounded by its settings.</summary>
    private const int QueueCapacity = 8192;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly ILogger _logger;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ConsumeResult<byte[], byte[]>> _queue = Channel.CreateBounded<ConsumeResult<byte[], byte[]>>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    private bool _started;

    public KafkaReader(EventLogOptions options, PartitionAssignment assignment, ILogger logger)
    {
        (Assignment, _logger) = (assignment, logger);
        _consumer = new ConsumerBuilder<byte[], byte[]>(KafkaSettings.Consumer(options))
            .SetLogHandler((_, message) => logger.LogDebug("{Facility}: {Message}", message.Facility, message.Message))
            .SetErrorHandler((_, error) => logger.LogDebug("consumer: {Reason}", error.Reason))
            .Build();
    }

    public PartitionAssignment Assignment { get; }

    /// <summary>Completes with InvalidOperationException when reading cannot go on (the offset wanted is gone).</summary>
    public ChannelReader<ConsumeResult<byte[], byte[]>> Messages => _queue.Reader;

    /// <summary>Oldest offset kept and end offset of a partition, asked of the broker.</summary>
    public (long Low, long High) Watermarks(TopicPartition partition, TimeSpan timeout)
    {
        WatermarkOffsets offsets = _consumer.QueryWatermarkOffsets(partition, timeout);
        return (offsets.Low.Value, offsets.High.Value);
    }

    public void Start(IReadOnlyList<PartitionOffset> offsets)
    {
        _consumer.Assign(offsets.Select(offset => new TopicPartitionOffset(offset.Topic, offset.Partition, offset.NextOffset)));
        _started = true;
        new Thread(Fetch) { IsBackground = true, Name = "event log reader" }.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_started) await _ended.Task;
        await Task.Run(() =>
        {
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
            return _consumer.Consume(PollInterval);
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
