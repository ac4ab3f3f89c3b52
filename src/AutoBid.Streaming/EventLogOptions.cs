namespace AutoBid.Streaming;

/// <summary>Which event log a host uses, and how. <see cref="Kafka"/> set: Kafka; else the embedded log in <see cref="Directory"/>.</summary>
public sealed record EventLogOptions
{
    /// <summary>Bootstrap servers, host:port with commas between; null: the embedded log.</summary>
    public string? Kafka { get; init; }

    /// <summary>Kafka: put before every topic name, so that runs can share a broker; empty in production.</summary>
    public string TopicPrefix { get; init; } = "";

    /// <summary>
    /// Kafka: the consumer group through which several nodes share the partitions; null: this node is alone and owns all of them.
    /// </summary>
    public string? Group { get; init; }

    /// <summary>Kafka, with a group: name of this process, as in its leases; what becomes of its bids is addressed to it.</summary>
    public string Node { get; init; } = "node-1";

    /// <summary>Partitions of every keyed topic when it is created; what exists already keeps its own count.</summary>
    public int Partitions { get; init; } = 4;

    /// <summary>Embedded: the folder of the log. One process at a time.</summary>
    public string Directory { get; init; } = Path.Combine("data", "log");

    /// <summary>Embedded: false acknowledges appends that the operating system holds but the disk may not. For tests and the demo only.</summary>
    public bool Fsync { get; init; } = true;

    /// <summary>Embedded: size at which a new segment file begins.</summary>
    public long SegmentBytes { get; init; } = 64L << 20;

    /// <summary>Embedded: delete the oldest segments while the log is larger; null: keep all. Segments not read yet are never deleted.</summary>
    public long? RetainBytes { get; init; }

    /// <summary>Embedded: delete segments whose last record is older; null: keep all. Segments not read yet are never deleted.</summary>
    public TimeSpan? RetainAge { get; init; }

    /// <summary>Embedded: true goes on behind damaged records that are yet to be read, without the events they held; false refuses to.</summary>
    public bool AcceptDamage { get; init; }

    /// <summary>Embedded: appends waiting for the writer. When full, further callers wait (counted in autobid_log_append_waits_total).</summary>
    public int QueueCapacity { get; init; } = 1024;

    /// <summary>
    /// Kafka: false leaves the creation of missing topics to the brokers (automatic creation with their partition count and clean-up), where clients may not
    /// create topics, and for <c>EmbeddedCluster</c>, which has no administration.
    /// </summary>
    public bool CreateTopics { get; init; } = true;

    /// <summary>Kafka: replicas of topics that are created; -1: the broker's default.</summary>
    public short ReplicationFactor { get; init; } = -1;

    /// <summary>Kafka: after this an append that was not acknowledged has failed.</summary>
    public TimeSpan AppendTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Kafka: how long the producer gathers messages; at most 5 ms.</summary>
    public double LingerMs { get; init; } = 2;

    /// <summary>Kafka: further client settings by librdkafka's names (security.protocol, ...), for every client.</summary>
    public IReadOnlyDictionary<string, string> KafkaSettings { get; init; } = new Dictionary<string, string>();
}
