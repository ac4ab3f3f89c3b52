using System.Diagnostics;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Ports;
using AutoBid.Streaming;
using AutoBid.Streaming.Embedded;
using AutoBid.Streaming.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>
/// <c>autobid bench ingest</c>: events a second through the whole engine, from the log to the commit, and the parts by themselves. Rounds take every part
/// once; medians over rounds.
/// </summary>
internal sealed class IngestBenchmark(IngestBenchmarkOptions options)
{
    private const int Batch = 1_000;

    // Own bids that end are 32 in 100; some campaigns draw more than their share.
    private int BidsOfEach => (int)(0.32 * options.Events / options.Campaigns * 1.3) + 20;

    public async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("autobid-ingest-").FullName;
        try
        {
            var runs = new List<IngestRun>();
            var parts = new List<(double Decode, double Dedupe)>();
            for (int round = -1; round < options.Rounds; round++)
            {
                string here = Path.Combine(folder, $"{round}");
                // The first one only makes the code warm.
                await EmbeddedAsync(here, round < 0 ? [] : runs, round < 0 ? [] : parts);
                Directory.Delete(here, recursive: true);
            }

            KafkaFigures? kafka = null;
            if (options.Kafka is not null || !string.IsNullOrEmpty(options.KafkaHome)) kafka = await new KafkaIngest(options, BidsOfEach).RunAsync(Path.Combine(folder, "kafka"));
            IngestTable.Write(options, runs, parts, kafka);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What a service's log knows of its campaigns from the start.</summary>
    internal static CampaignNames KnownNames(int campaigns)
    {
        var names = new CampaignNames();
        for (int c = 0; c < campaigns; c++) names.Learn(IngestEvents.CampaignOf(c));
        return names;
    }

    /// <summary>The stream in batches, the same for every log.</summary>
    internal static async Task WriteAsync(IEventLog log, OpenBids[] bids, DateTimeOffset now, int total)
    {
        var events = new IngestEvents(bids, now.AddMinutes(-20).UtcTicks, now.UtcTicks, total);
        var batch = new EngineEvent[Batch];
        for (int written = 0; written < total;)
        {
            int n = Math.Min(Batch, total - written);
            for (int i = 0; i < n; i++) batch[i] = events.Next();
            await log.AppendAsync(batch.AsMemory(0, n), default);
            written += n;
        }
    }

    private async Task EmbeddedAsync(string folder, List<IngestRun> runs, List<(double Decode, double Dedupe)> parts)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var log = new EmbeddedEventLog(
            new EventLogOptions { Directory = Path.Combine(folder, "log"), Fsync = false }, KnownNames(options.Campaigns), NullLogger<EmbeddedEventLog>.Instance, TimeProvider.System);
        await using IngestWorld world = await IngestWorld.CreateAsync(Path.Combine(folder, "ledger.db"), log, options.Campaigns);
        await WriteAsync(log, await world.BidAsync(BidsOfEach, now), now, options.Events);
        runs.Add(await IngestRun.MeasureAsync(world, options.Events));
        parts.Add(await PartsAsync(log, now));
        Console.WriteLine(FormattableString.Invariant($"{runs[^1].PerSecond:0} events a second; decode alone {options.Events / parts[^1].Decode:0}, dedupe alone {options.Events / parts[^1].Dedupe:0}; {runs[^1]}"));
    }

    // Read and decoded one batch at a time on one thread, then asked and remembered: seconds each.
    private async Task<(double Decode, double Dedupe)> PartsAsync(EmbeddedEventLog log, DateTimeOffset now)
    {
        // A batch that the reader does not fill starts no decoding ahead.
        var into = new EngineEvent[4096];
        var memory = new SeenMemory(TimeSpan.FromHours(72));
        await log.StartAsync(new FromTheStart(), default);
        long decode = 0, dedupe = 0;
        for (int read = 0; read < options.Events;)
        {
            long started = Stopwatch.GetTimestamp();
            int n = await log.ReadAsync(into, TimeSpan.FromSeconds(1), default);
            long between = Stopwatch.GetTimestamp();
            for (int i = 0; i < n; i++) memory.TryAdd(into[i], into[i].Partition, now.UtcTicks);
            decode += between - started;
            dedupe += Stopwatch.GetTimestamp() - between;
            read += n;
        }

        return (Stopwatch.GetElapsedTime(0, decode).TotalSeconds, Stopwatch.GetElapsedTime(0, dedupe).TotalSeconds);
    }

    private sealed class FromTheStart : IPartitionOwner
    {
        public ValueTask TakeAsync(IReadOnlyList<int> partitions, Func<IReadOnlyList<PartitionOffset>, ValueTask> begin, CancellationToken cancellation) => begin([]);

        public ValueTask GiveUpAsync(IReadOnlyList<int> partitions, Action end, CancellationToken cancellation)
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}
