using System.Text;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Kafka;
using AutoBid.Streaming.Partitioning;
using Confluent.Kafka;

namespace AutoBid.Streaming.Tests.Kafka;

public sealed class KafkaMockTests
{
    private readonly ListLogger<KafkaEventLog> _logger = new();

    [Fact]
    public async Task Appends_from_many_threads_are_all_there_and_reading_goes_on_from_given_offsets()
    {
        using var cluster = new EmbeddedCluster(brokers: 3);
        IReadOnlyList<PartitionOffset> position;
        await using (KafkaEventLog log = Open(cluster))
        {
            await log.StartAsync([], default);
            Assert.True(log.IsAvailable);
            await Task.WhenAll(Enumerable.Range(0, 16).Select(writer => Task.Run(async () =>
            {
                for (int i = 0; i < 25; i++) await log.AppendAsync(new[] { TestEvents.Bill("campaign-" + writer, i) }, default);
            })));
            List<EngineEvent> events = await log.ReadToEndAsync();
            Assert.Equal(400, events.Count);
            foreach (IGrouping<string, EngineEvent> campaign in events.GroupBy(e => e.CampaignId))
                Assert.Equal(Enumerable.Range(0, 25).Select(i => 1000L + i), campaign.Select(e => e.AmountNanos));
            position = log.Position;
            await log.AppendAsync(new[] { TestEvents.Bill("campaign-3", 99) }, default);
        }

        await using KafkaEventLog again = Open(cluster);
        await again.StartAsync(position, default);
        Assert.Equal(1099, Assert.Single(await again.ReadToEndAsync()).AmountNanos);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await again.StartAsync([new(Topic.Spend, 0, 1_000_000)], default));
    }

    [Fact]
    public async Task An_event_in_the_wrong_partition_is_forwarded_and_read_once()
    {
        using var cluster = new EmbeddedCluster();
        await using KafkaEventLog log = Open(cluster);
        await log.StartAsync([], default);
        int right = Murmur2.Partition("c1", 4), wrong = (right + 1) % 4;
        var payload = new System.Buffers.ArrayBufferWriter<byte>();
        EventWriter.Write(TestEvents.Bill("c1", 7), new CampaignNames(), payload);
        using (IProducer<byte[], byte[]> foreign = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = cluster.BootstrapServers }).Build())
            await foreign.ProduceAsync(new TopicPartition(Topic.Spend, wrong), new Message<byte[], byte[]> { Value = payload.WrittenSpan.ToArray() });

        Assert.Empty(await log.ReadToEndAsync());
        EngineEvent e = Assert.Single(await log.ReadToEndAsync());
        Assert.Equal((right, 1007L), (e.Partition, e.AmountNanos));
        Assert.Contains(log.Position, offset => offset.Partition == wrong && offset.NextOffset == 1);
    }

    [Fact]
    public async Task What_cannot_be_parsed_goes_to_the_dead_letters_and_reading_goes_on()
    {
        using var cluster = new EmbeddedCluster();
        await using KafkaEventLog log = Open(cluster);
        await log.StartAsync([], default);
        using (IProducer<string, byte[]> foreign = new ProducerBuilder<string, byte[]>(
            new ProducerConfig { BootstrapServers = cluster.BootstrapServers, Partitioner = Partitioner.Murmur2 }).Build())
            await foreign.ProduceAsync(Topic.Conversions, new Message<string, byte[]> { Key = "c1", Value = "{\"v\":3,\"campaign\":\"c1\"}"u8.ToArray() });
        await log.AppendAsync(new[] { TestEvents.Bill("c1", 1) }, default);
        Assert.Single(await log.ReadToEndAsync());
        await log.RejectAsync([new RejectedEvent(TestEvents.Bill("c1", 1), "unknown-campaign")], default);

        List<string> letters = ReadAll(cluster.BootstrapServers, Topic.Dead(Topic.Conversions), 1);
        Assert.Contains("\"reason\":\"v: must be 1\"", letters[0], StringComparison.Ordinal);
        Assert.Contains("\"campaign\":\"c1\"", letters[0], StringComparison.Ordinal);
        Assert.Contains("unknown-campaign", ReadAll(cluster.BootstrapServers, Topic.Dead(Topic.Spend), 1)[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Brokers_that_go_away_fail_appends_in_bounded_time_and_say_so()
    {
        var cluster = new EmbeddedCluster();
        await using KafkaEventLog log = Open(cluster, TimeSpan.FromSeconds(1));
        await log.StartAsync([], default);
        await log.AppendAsync(new[] { TestEvents.Bill("c1", 1) }, default);
        cluster.Dispose();
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(new[] { TestEvents.Bill("c1", 2) }, default).AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.False(log.IsAvailable);
        Assert.Contains(_logger.Lines, line => line.Text.Contains("takes no appends", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_position_passes_ends_of_partitions_and_decisions_are_published()
    {
        using var cluster = new EmbeddedCluster();
        await using KafkaEventLog log = Open(cluster);
        await log.StartAsync([], default);
        Assert.Equal(20, log.Position.Count);
        Assert.Empty(await log.ReadToEndAsync());
        await log.PublishAsync(
            [
                new DecisionRecord
                {
                    TenantId = "default", CampaignId = "c1", Day = 20260301, Step = 1, Tick = 2, TimeTicks = TestEvents.Noon, Policy = "mpc", Model = "mpc", Reasons = [],
                    RawMultiplier = 1, Multiplier = 1, SafeMultiplier = 1, Reference = 1, BidFloorNanos = 0, BidCapNanos = 0, SpentNanos = 0, BudgetNanos = 1,
                    Conversions = 0, ConversionValue = 0, ExpiresTicks = TestEvents.Noon, Version = 3, LatencyMs = 0.5,
                },
            ],
            default);
        Assert.True(DecisionReader.TryRead(Encoding.UTF8.GetBytes(ReadAll(cluster.BootstrapServers, Topic.Decisions, 1)[0]), out _, out string error), error);
        Assert.Single(ReadAll(cluster.BootstrapServers, Topic.Multipliers, 1));
    }

    internal static List<string> ReadAll(string servers, string topic, int count)
    {
        using IConsumer<Ignore, byte[]> consumer = new ConsumerBuilder<Ignore, byte[]>(
            new ConsumerConfig { BootstrapServers = servers, GroupId = "test", EnableAutoCommit = false, AutoOffsetReset = AutoOffsetReset.Earliest }).Build();
        consumer.Assign(Enumerable.Range(0, 4).Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning)));
        var values = new List<string>();
        while (values.Count < count)
        {
            ConsumeResult<Ignore, byte[]> message = consumer.Consume(TimeSpan.FromSeconds(20)) ?? throw new TimeoutException($"{topic} has {values.Count} of {count} messages");
            values.Add(Encoding.UTF8.GetString(message.Message.Value));
        }

        consumer.Close();
        return values;
    }

    private KafkaEventLog Open(EmbeddedCluster cluster, TimeSpan? timeout = null)
        => new(cluster.On(new EventLogOptions { AppendTimeout = timeout ?? TimeSpan.FromSeconds(5) }), new CampaignNames(), _logger, TimeProvider.System);
}
