using System.Diagnostics;
using AutoBid.Benchmarks.Simulator;
using AutoBid.Core.Campaigns;
using AutoBid.Engine;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming;
using AutoBid.Streaming.Embedded;
using AutoBid.Streaming.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoBid.Benchmarks.Ingest;

/// <summary><c>autobid bench ingest</c>: events a second through the whole engine, from the log to the commit.</summary>
internal sealed class IngestBenchmark(IngestBenchmarkOptions options)
{
    private const int Batch = 1_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-ingest-").FullName;

    public async Task RunAsync()
    {
        try
        {
            await RunInFolderAsync();
        }
        finally
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task RunInFolderAsync()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var rates = new List<(double Decode, double Engine, double Read, double Commit, int Commits, long States)>();
        for (int round = 0; round < options.Rounds; round++)
        {
            string folder = Path.Combine(_folder, $"{round}");
            await using IngestWorld world = await IngestWorld.CreateAsync(Path.Combine(folder, "ledger.db"), options.Campaigns, now);
            var log = new EmbeddedEventLog(new EventLogOptions { Directory = Path.Combine(folder, "log"), Fsync = false }, new CampaignNames(), NullLogger<EmbeddedEventLog>.Instance, TimeProvider.System);
            await WriteAsync(log, world.Leases, now);
            double decode = await ReadAllAsync(log);
            var timed = new TimedLog(log);
            await using AutoBidEngine engine = world.Engine(timed);
            double seconds = await IngestAsync(engine, timed);
            rates.Add((options.Events / decode, options.Events / seconds, timed.Reading.TotalSeconds / seconds, world.Store.Committing.TotalSeconds / seconds, world.Store.Commits, world.Store.States));
            Console.WriteLine($"decode {options.Events / decode:0}/s  engine {options.Events / seconds:0}/s  read {timed.Reading.TotalSeconds:0.00} s  commit {world.Store.Committing.TotalSeconds:0.00} s of {seconds:0.00} s, {world.Store.Commits} commits, {world.Store.States} states");
        }
    }

    private async Task WriteAsync(EmbeddedEventLog log, long[] leases, DateTimeOffset now)
    {
        var events = new IngestEvents(options.Campaigns, leases, now.AddMinutes(-20).UtcTicks, now.UtcTicks, options.Events);
        var batch = new EngineEvent[Batch];
        for (int written = 0; written < options.Events;)
        {
            int n = Math.Min(Batch, options.Events - written);
            for (int i = 0; i < n; i++) batch[i] = events.Next();
            await log.AppendAsync(batch.AsMemory(0, n), default);
            written += n;
        }
    }

    // Read and decoded, and nothing else: the log's own speed on this machine.
    private async Task<double> ReadAllAsync(EmbeddedEventLog log)
    {
        var into = new EngineEvent[4096];
        await log.StartAsync([], default);
        long started = Stopwatch.GetTimestamp();
        for (int read = 0; read < options.Events;) read += await log.ReadAsync(into, TimeSpan.FromSeconds(1), default);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private async Task<double> IngestAsync(AutoBidEngine engine, TimedLog log)
    {
        await engine.StartAsync(CampaignsAsync(), default);
        using var stop = new CancellationTokenSource();
        Task loop = Task.Run(() => engine.RunAsync(stop.Token));
        GC.Collect();
        long started = Stopwatch.GetTimestamp();
        log.Open();
        while (log.EventsRead < options.Events && !loop.IsCompleted) await Task.Delay(5);
        await stop.CancelAsync();
        // Ends with the commit of what was applied last.
        await loop;
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private async IAsyncEnumerable<Campaign> CampaignsAsync()
    {
        await Task.CompletedTask;
        for (int c = 0; c < options.Campaigns; c++) yield return IngestEvents.CampaignOf(c);
    }
}
