using System.Diagnostics;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>One run of the engine over the whole log, seconds.</summary>
internal sealed record IngestRun
{
    public required int Events { get; init; }

    /// <summary>From the log's opening to the end of the last commit.</summary>
    public required double Seconds { get; init; }

    /// <summary>Time of the process on all cores.</summary>
    public required double CpuSeconds { get; init; }

    /// <summary>The loop waited for events, or decoded them itself.</summary>
    public required double Reading { get; init; }

    /// <summary>The store was at work on commits; the loop goes on meanwhile unless it is full.</summary>
    public required double Committing { get; init; }

    public required int Commits { get; init; }

    public required long States { get; init; }

    public required long BlockBytes { get; init; }

    public double PerSecond => Events / Seconds;

    public static async Task<IngestRun> MeasureAsync(IngestWorld world, int events)
    {
        using var stop = new CancellationTokenSource();
        GC.Collect();
        (int commits, long states, long bytes, double committing) = (world.Store.Commits, world.Store.States, world.Store.BlockBytes, world.Store.Committing.TotalSeconds);
        using Process self = Process.GetCurrentProcess();
        double cpu = self.TotalProcessorTime.TotalSeconds;
        long started = Stopwatch.GetTimestamp();
        Task loop = Task.Run(() => world.Engine.RunAsync(stop.Token));
        world.Log.Open();
        while (world.Log.EventsRead < events && !loop.IsCompleted) await Task.Delay(2);
        await stop.CancelAsync();
        // Ends with the commit of what was applied last.
        await loop;
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        self.Refresh();
        return new IngestRun
        {
            Events = events,
            Seconds = seconds,
            CpuSeconds = self.TotalProcessorTime.TotalSeconds - cpu,
            Reading = world.Log.Reading.TotalSeconds,
            Committing = world.Store.Committing.TotalSeconds - committing,
            Commits = world.Store.Commits - commits,
            States = world.Store.States - states,
            BlockBytes = world.Store.BlockBytes - bytes,
        };
    }
}
