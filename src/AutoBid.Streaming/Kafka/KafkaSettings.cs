using Confluent.Kafka;

namespace AutoBid.Streaming.Kafka;

/// <summary>Client settings, in one place: what the guarantees of the log rest on.</summary>
internal static class KafkaSettings
{
    /// <summary>A client that looks for its broker again within this time after it came back.</summary>
    private const int ReconnectBackoffMaxMs = 1000;

    /// <summary>A node that the group has not heard of for this long loses its partitions; brokers accept no less by default.</summary>
    private const int SessionTimeoutMs = 6000;

    public static ProducerConfig Producer(EventLogOptions options) => With(options, new ProducerConfig
    {
        EnableIdempotence = true,
        Acks = Acks.All,
        Partitioner = Partitioner.Murmur2,
        LingerMs = Math.Clamp(options.LingerMs, 0, 5),
        MessageTimeoutMs = (int)options.AppendTimeout.TotalMilliseconds,
        RequestTimeoutMs = (int)options.AppendTimeout.TotalMilliseconds,
        QueueBufferingMaxMessages = 200_000,
        QueueBufferingMaxKbytes = 128 * 1024,
        DeliveryReportFields = "none",
    });

    /// <summary>
    /// Offsets live in the ledger store: nothing is ever committed to the group. With <see cref="EventLogOptions.Group"/> it deals out the partitions; else it
    /// only has a name because the protocol wants one.
    /// </summary>
    public static ConsumerConfig Consumer(EventLogOptions options)
    {
        ConsumerConfig config = Reader(options);
        config.AutoOffsetReset = AutoOffsetReset.Error;
        if (options.Group is null) return config;
        config.GroupId = options.TopicPrefix + options.Group;
        // The topics of one campaign must have one owner: range gives partition n of each topic to the same member, cooperative-sticky does not.
        config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.Range;
        config.SessionTimeoutMs = SessionTimeoutMs;
        config.HeartbeatIntervalMs = SessionTimeoutMs / 4;
        return config;
    }

    /// <summary>A consumer that belongs to no group: every node reads what it reads.</summary>
    public static ConsumerConfig Reader(EventLogOptions options) => With(options, new ConsumerConfig
    {
        GroupId = "autobid",
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        // End-of-partition marks let the position pass offsets that hold no record (compacted away, transaction marks).
        EnablePartitionEof = true,
        IsolationLevel = IsolationLevel.ReadCommitted,
        FetchWaitMaxMs = 20,
        // A partition whose queue is full is fetched from again after this time; the default of a second would hold up a node that catches up.
        FetchQueueBackoffMs = 5,
        QueuedMinMessages = 10_000,
        QueuedMaxMessagesKbytes = 16 * 1024,
        AllowAutoCreateTopics = false,
    });

    public static AdminClientConfig Admin(EventLogOptions options) => With(options, new AdminClientConfig());

    private static T With<T>(EventLogOptions options, T config)
        where T : ClientConfig
    {
        config.BootstrapServers = options.Kafka;
        config.ClientId = "autobid";
        config.ReconnectBackoffMs = 50;
        config.ReconnectBackoffMaxMs = ReconnectBackoffMaxMs;
        config.SocketNagleDisable = true;
        foreach ((string name, string value) in options.KafkaSettings) config.Set(name, value);
        return config;
    }
}
