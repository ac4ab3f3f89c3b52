using Confluent.Kafka;

namespace AutoBid.Streaming.Kafka;

/// <summary>
/// librdkafka's mock cluster in this process: the real protocol on loopback, for tests, fault injection and the demo. It keeps 5 MB or 100,000 messages of a
/// partition in memory and cannot create, compact or administrate topics, which appear by use with 4 partitions.
/// </summary>
public sealed class EmbeddedCluster : IDisposable
{
    private readonly IProducer<Null, Null> _host;

    public EmbeddedCluster(int brokers = 1)
    {
        var config = new ProducerConfig { BootstrapServers = "127.0.0.1:0" };
        config.Set("test.mock.num.brokers", brokers.ToString(System.Globalization.CultureInfo.InvariantCulture));
        _host = new ProducerBuilder<Null, Null>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        using IAdminClient admin = new DependentAdminClientBuilder(_host.Handle).Build();
        BootstrapServers = string.Join(',', admin.GetMetadata(TimeSpan.FromSeconds(10)).Brokers.Select(broker => $"{broker.Host}:{broker.Port}"));
    }

    /// <summary>host:port of each broker, with commas between.</summary>
    public string BootstrapServers { get; }

    /// <summary>The options of a log on this cluster.</summary>
    public EventLogOptions On(EventLogOptions options) => options with { Kafka = BootstrapServers, CreateTopics = false };

    /// <summary>Ends the brokers; what they held is gone.</summary>
    public void Dispose() => _host.Dispose();
}
