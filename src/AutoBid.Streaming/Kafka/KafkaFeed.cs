using System.Text;
using System.Threading.Channels;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Partitioning;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Kafka;

/// <summary>
/// What every node of a group reads: all settings and slots from their beginning (both topics are compacted), and from now on what becomes of its own bids,
/// which lies in the one partition of its name. Outside the group: nothing of it is owned.
/// </summary>
internal sealed class KafkaFeed : IAsyncDisposable
{
    /// <summary>Notices that the engine has not taken. When full, fetching waits; the client's own buffer is bounded by its settings.</summary>
    private const int QueueCapacity = 65_536;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly string _prefix;
    private readonly string _node;
    private readonly ICampaignNames _names;
    private readonly ILogger _logger;
    private readonly IConsumer<byte[], byte[]> _consumer;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<NodeNotice> _notices = Channel.CreateBounded<NodeNotice>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    /// <param name="partitions">Partitions of each keyed topic.</param>
    public KafkaFeed(EventLogOptions options, int partitions, ICampaignNames names, ILogger logger)
    {
        (_prefix, _node, _names, _logger) = (options.TopicPrefix, options.Node, names, logger);
        _consumer = new ConsumerBuilder<byte[], byte[]>(KafkaSettings.Reader(options))
            .SetLogHandler((_, message) => logger.LogDebug("{Facility}: {Message}", message.Facility, message.Message))
            .SetErrorHandler((_, error) => logger.LogDebug("feed: {Reason}", error.Reason))
            .Build();
        string[] whole = [Topic.Campaigns, Topic.Multipliers];
        _consumer.Assign(
            whole.SelectMany(topic => Enumerable.Range(0, partitions).Select(partition => new TopicPartitionOffset(_prefix + topic, partition, Offset.Beginning)))
                .Append(new TopicPartitionOffset(_prefix + Topic.Outcomes, Murmur2.Partition(_node, partitions), Offset.End)));
        new Thread(Fetch) { IsBackground = true, Name = "node feed" }.Start();
    }

    public int Take(ICollection<NodeNotice> into)
    {
        int taken = 0;
        for (; taken < QueueCapacity && _notices.Reader.TryRead(out NodeNotice? notice); taken++) into.Add(notice);
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _ended.Task;
        await Task.Run(() =>
        {
            _consumer.Close();
            _consumer.Dispose();
        });
        _stop.Dispose();
    }

    private void Fetch()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                if (Consume() is { IsPartitionEOF: false } message && NoticeOf(message) is { } notice && !_notices.Writer.TryWrite(notice))
                    _notices.Writer.WriteAsync(notice, _stop.Token).AsTask().GetAwaiter().GetResult();
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed while waiting for room.
        }
        catch (Exception e)
        {
            // Bids go on with what was heard until slots die; the operator must see why.
            _logger.LogError(e, "hearing from other nodes ended: {Reason}", e.Message);
        }

        _ended.SetResult();
    }

    private ConsumeResult<byte[], byte[]>? Consume()
    {
        try
        {
            return _consumer.Consume(PollInterval);
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            _logger.LogDebug("feed: {Reason}", e.Error.Reason);
            return null;
        }
    }

    /// <summary>Null: nothing for this node. What cannot be read is passed over here: settings are dead-lettered by their owner, the rest is the engine's own.</summary>
    private NodeNotice? NoticeOf(ConsumeResult<byte[], byte[]> message)
    {
        byte[] payload = message.Message.Value ?? [];
        string error;
        switch (message.Topic[_prefix.Length..])
        {
            case Topic.Campaigns when EventReader.TryRead(Topic.Campaigns, payload, _names, out EngineEvent e, out error):
                if (e.Settings is null) return null;
                _names.Learn(e.Settings);
                return new NodeNotice.Settings(e.Settings);
            case Topic.Multipliers when SlotReader.TryRead(payload, out NodeNotice.Slot? slot, out error):
                return slot;
            case Topic.Outcomes when !Encoding.UTF8.GetBytes(_node).AsSpan().SequenceEqual(message.Message.Key):
                return null;
            case Topic.Outcomes when OutcomesJson.TryRead(payload, out LeaseOutcomes? outcomes, out error):
                return new NodeNotice.Outcomes(outcomes!);
            default:
                _logger.LogWarning("{Topic}/{Partition}@{Offset} cannot be read", message.Topic, message.Partition.Value, message.Offset.Value);
                return null;
        }
    }
}
