using System.Diagnostics;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Kafka;

/// <summary>An idempotent producer whose calls complete when all their messages are acknowledged by every in-sync replica, or have failed.</summary>
internal sealed class DurableProducer : IAsyncDisposable
{
    private static readonly TimeSpan QueueFullPause = TimeSpan.FromMilliseconds(5);

    private readonly EventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action<bool, string> _availability;
    private readonly Lock _gate = new();
    private IProducer<byte[], byte[]> _producer;

    /// <param name="availability">Told what deliveries and the client's errors say about the brokers.</param>
    public DurableProducer(EventLogOptions options, TimeProvider time, ILogger logger, Action<bool, string> availability)
    {
        (_options, _time, _logger, _availability) = (options, time, logger, availability);
        _producer = Create();
    }

    /// <summary>Throws EventLogUnavailableException when a message was not acknowledged in time; it may be in the log all the same.</summary>
    public async ValueTask ProduceAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellation)
    {
        if (messages.Count == 0) return;
        long started = Stopwatch.GetTimestamp();
        var delivery = new Delivery(messages.Count, this);
        IProducer<byte[], byte[]> producer = _producer;
        for (int i = 0; i < messages.Count; i++)
        {
            if (await EnqueueAsync(producer, messages[i], delivery, started, cancellation) is not { } error) continue;
            // What was queued before is answered by its own reports; the rest was never sent.
            delivery.Fail(error, messages.Count - i);
            break;
        }

        Error? failed = await delivery.Done.WaitAsync(cancellation);
        if (failed is not null)
        {
            StreamingMetrics.AppendFailures.Add(1);
            if (failed.IsFatal) Replace(producer, failed);
            throw new EventLogUnavailableException($"Kafka did not acknowledge: {failed.Reason}", new KafkaException(failed));
        }

        StreamingMetrics.Appended.Add(messages.Count);
        StreamingMetrics.AppendSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>Completes when everything produced before this call is acknowledged or has failed.</summary>
    public Task FlushAsync(CancellationToken cancellation)
    {
        IProducer<byte[], byte[]> producer = _producer;
        return Task.Run(() => producer.Flush(cancellation), cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        IProducer<byte[], byte[]> producer = _producer;
        await Task.Run(() =>
        {
            producer.Flush(_options.AppendTimeout);
            producer.Dispose();
        });
    }

    private async ValueTask<Error?> EnqueueAsync(
        IProducer<byte[], byte[]> producer, OutgoingMessage message, Delivery delivery, long started, CancellationToken cancellation)
    {
        var envelope = new Message<byte[], byte[]> { Key = message.Key!, Value = message.Value };
        if (message.HeaderName is not null) envelope.Headers = new Headers { { message.HeaderName, message.HeaderValue } };
        bool waited = false;
        while (true)
        {
            try
            {
                producer.Produce(_options.TopicPrefix + message.Topic, envelope, delivery.Report);
                return null;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull && Stopwatch.GetElapsedTime(started) < _options.AppendTimeout)
            {
                // The client's queue is bounded: callers wait here, up to the append timeout.
                if (!waited) StreamingMetrics.AppendWaits.Add(1);
                waited = true;
                await Task.Delay(QueueFullPause, _time, cancellation);
            }
            catch (KafkaException e)
            {
                return e.Error;
            }
        }
    }

    // A fatal error (the broker lost the producer's state) ends this instance for good; identities make a repeated append harmless.
    private void Replace(IProducer<byte[], byte[]> broken, Error error)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_producer, broken)) return;
            _logger.LogError("the Kafka producer failed for good ({Reason}) and is replaced", error.Reason);
            _producer = Create();
        }

        _ = Task.Run(broken.Dispose);
    }

    private IProducer<byte[], byte[]> Create()
        => new ProducerBuilder<byte[], byte[]>(KafkaSettings.Producer(_options))
            .SetLogHandler((_, message) => _logger.LogDebug("{Facility}: {Message}", message.Facility, message.Message))
            .SetErrorHandler((_, error) =>
            {
                if (error.Code == ErrorCode.Local_AllBrokersDown) _availability(false, error.Reason);
            })
            .Build();

    private sealed class Delivery(int messages, DurableProducer owner)
    {
        private readonly TaskCompletionSource<Error?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _open = messages;
        private Error? _error;

        public Task<Error?> Done => _done.Task;

        public void Report(DeliveryReport<byte[], byte[]> report)
        {
            if (report.Error.IsError) Fail(report.Error, 1);
            else Close(1);
        }

        public void Fail(Error error, int count)
        {
            Interlocked.CompareExchange(ref _error, error, null);
            Close(count);
        }

        private void Close(int count)
        {
            if (Interlocked.Add(ref _open, -count) != 0) return;
            Error? error = Volatile.Read(ref _error);
            // A message that is too large says nothing about the brokers.
            if (error is null) owner._availability(true, "");
            else if (error.Code is not (ErrorCode.MsgSizeTooLarge or ErrorCode.InvalidRecord)) owner._availability(false, error.Reason);
            _done.TrySetResult(error);
        }
    }
}
