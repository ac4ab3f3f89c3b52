using AutoBid.Streaming.Tests.Kafka;
using AutoBid.Tests.Shared;

namespace AutoBid.Chaos.Tests.Cluster;

/// <summary>One real broker and one real database that the tests of a class share, each with topics and a schema of its own. They start with the first test that needs them.</summary>
public sealed class ClusterGround : IAsyncLifetime
{
    private KafkaBroker? _broker;
    private PostgresServer? _postgres;

    internal KafkaBroker Broker => _broker ?? throw new InvalidOperationException("StartAsync comes first");

    internal PostgresServer Postgres => _postgres ?? throw new InvalidOperationException("StartAsync comes first");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Skips the test, with the reason, where broker or database cannot be had.</summary>
    internal async Task StartAsync()
    {
        if (PostgresServer.WhyNot is { } why) Assert.Skip(why);
        if (_broker is null)
        {
            var broker = new KafkaBroker();
            _broker = broker;
            broker.Start();
        }

        _postgres ??= await PostgresServer.StartAsync(own: true);
    }

    public async ValueTask DisposeAsync()
    {
        _broker?.Dispose();
        if (_postgres is not null) await _postgres.DisposeAsync();
    }
}
