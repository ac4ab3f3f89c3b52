using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using AutoBid.Engine.Ports;
using AutoBid.Streaming;
using AutoBid.Streaming.Kafka;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>The same stream from a Kafka broker: first a bare consumer that drops every message, then the engine; in turn, from the same topics.</summary>
internal sealed class KafkaIngest(IngestBenchmarkOptions options, int bidsOfEach)
{
    public async Task<KafkaFigures> RunAsync(string folder)
    {
        int port = FreePort();
        string data = Path.Combine(folder, "broker");
        string servers = options.Kafka ?? $"127.0.0.1:{port}";
        if (options.Kafka is null) Script("start", data, $"{port}");
        try
        {
            List<double> bare = [], engine = [];
            for (int round = 0; round < options.Rounds; round++)
            {
                DateTimeOffset now = DateTimeOffset.UtcNow;
                // Holds end once: every round needs topics of its own.
                var settings = new EventLogOptions { Kafka = servers, TopicPrefix = $"ingest-{Guid.NewGuid():n}-" };
                var log = new KafkaEventLog(settings, IngestBenchmark.KnownNames(options.Campaigns), NullLogger<KafkaEventLog>.Instance, TimeProvider.System);
                await using IngestWorld world = await IngestWorld.CreateAsync(Path.Combine(folder, $"{round}", "ledger.db"), log, options.Campaigns);
                await IngestBenchmark.WriteAsync(log, await world.BidAsync(bidsOfEach, now), now, options.Events);
                bare.Add(options.Events / Bare(servers, settings, log.Partitions));
                IngestRun run = await IngestRun.MeasureAsync(world, options.Events);
                engine.Add(run.PerSecond);
                Console.WriteLine(FormattableString.Invariant($"Kafka: bare consumer {bare[^1]:0}, engine {engine[^1]:0} events a second; {run}"));
            }

            return new KafkaFigures(bare, engine);
        }
        finally
        {
            if (options.Kafka is null) Script("kill", data);
        }
    }

    private double Bare(string servers, EventLogOptions settings, int partitions)
    {
        var config = new ConsumerConfig { BootstrapServers = servers, GroupId = "bare", EnableAutoCommit = false, AutoOffsetReset = AutoOffsetReset.Earliest };
        using IConsumer<byte[], byte[]> consumer = new ConsumerBuilder<byte[], byte[]>(config).Build();
        consumer.Assign(
            from topic in Topic.Inputs
            from partition in Enumerable.Range(0, partitions)
            select new TopicPartitionOffset(settings.TopicPrefix + topic, partition, Offset.Beginning));
        int left = options.Events;
        long started = Stopwatch.GetTimestamp();
        while (left > 0)
            if (consumer.Consume(TimeSpan.FromSeconds(1)) is not null) left--;
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        consumer.Close();
        return seconds;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Script(params string[] arguments)
    {
        var info = new ProcessStartInfo("bash");
        info.ArgumentList.Add(Path.Combine(options.KafkaHome!, "run.sh"));
        foreach (string argument in arguments) info.ArgumentList.Add(argument);
        using Process process = Process.Start(info)!;
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"run.sh {arguments[0]} failed");
    }
}
