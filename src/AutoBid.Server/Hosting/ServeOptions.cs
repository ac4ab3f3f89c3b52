using AutoBid.Engine.Ports;

namespace AutoBid.Server.Hosting;

/// <summary>Settings of one service process: command line, config file and environment end up here.</summary>
public sealed record ServeOptions
{
    /// <summary>Addresses to listen on. Without API keys only loopback addresses are accepted.</summary>
    public IReadOnlyList<string> Urls { get; init; } = ["http://127.0.0.1:8080"];

    /// <summary>Folder of the embedded log, the SQLite database and the notice keys.</summary>
    public string DataDirectory { get; init; } = "data";

    /// <summary>Connection string of PostgreSQL; null: the SQLite database of the data folder.</summary>
    public string? Postgres { get; init; }

    /// <summary>Kafka bootstrap servers; null: the embedded log.</summary>
    public string? Kafka { get; init; }

    /// <summary>Prefix of every topic, so that runs can share a broker; empty in production.</summary>
    public string TopicPrefix { get; init; } = "";

    /// <summary>False where clients may not create topics: the brokers make them by use.</summary>
    public bool CreateTopics { get; init; } = true;

    /// <summary>cpu or cuda.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>With device cuda: the GPUs to use, by ordinal.</summary>
    public IReadOnlyList<int> Accelerators { get; init; } = [0];

    /// <summary>True: when the last GPU is lost the service drains and ends, so that its supervisor starts a new process; false: the CPU answers from then on.</summary>
    public bool RestartOnGpuLoss { get; init; }

    /// <summary>How long a draining service goes on answering after it has stopped being ready.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>True: event time moves only through POST /v1/clock, and the engine is deterministic.</summary>
    public bool VirtualClock { get; init; }

    /// <summary>Where virtual event time starts.</summary>
    public DateTimeOffset VirtualStart { get; init; } = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Length of a control tick, 1 s to 30 min.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Population prior (PriorFile); null: the one beside the models, when there is one.</summary>
    public string? PriorFile { get; init; }

    /// <summary>Folder of the model registry, policies/models.</summary>
    public string? ModelsDirectory { get; init; }

    /// <summary>Exchange profiles (JSON); null: the built-in default.</summary>
    public string? ExchangesFile { get; init; }

    /// <summary>Dated currency rates (JSON); null: only the account's own currency.</summary>
    public string? RatesFile { get; init; }

    /// <summary>Public address that notice URLs point to; null: the first of <see cref="Urls"/>.</summary>
    public string? PublicUrl { get; init; }

    /// <summary>
    /// Kafka and PostgreSQL: any number of processes share the partitions through the consumer group, and the budgets through the database.
    /// A virtual clock has one node.
    /// </summary>
    public bool SharesPartitions => Kafka is not null && Postgres is not null && !VirtualClock;

    /// <summary>Name of this node in leases.</summary>
    public string Node { get; init; } = "node-1";

    /// <summary>What the ledger forgets, and when.</summary>
    public LedgerRetention Retention { get; init; } = new();

    /// <summary>Appends wait for the disk. Only a throw-away run may switch this off.</summary>
    public bool Fsync { get; init; } = true;

    /// <summary>Start although the event log has damaged records that the ledger has not yet; their events are lost.</summary>
    public bool AcceptLogDamage { get; init; }

    /// <summary>Base address of an OpenTelemetry collector that takes spans over OTLP/HTTP; null: none are recorded.</summary>
    public string? Otlp { get; init; }

    /// <summary>Log to the console: quiet (warnings), normal.</summary>
    public bool Quiet { get; init; }
}
