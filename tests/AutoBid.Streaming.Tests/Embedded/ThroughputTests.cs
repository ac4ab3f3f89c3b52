using System.Diagnostics;
using AutoBid.Engine.Events;
using AutoBid.Streaming.Embedded;
using AutoBid.Streaming.Json;

namespace AutoBid.Streaming.Tests.Embedded;

/// <summary>Measures, and asserts only that everything arrived; the figures are in the test's output.</summary>
public sealed class ThroughputTests
{
    private const int Events = 200_000;

    [Theory]
    [InlineData(100, 8, true)]
    [InlineData(1, 64, true)]
    public async Task Append_and_read(int batch, int writers, bool fsync)
    {
        using var folder = new TempFolder();
        int total = batch == 1 ? Events / 10 : Events;
        var options = new EventLogOptions { Directory = folder.Path, Fsync = fsync };
        await using var log = new EmbeddedEventLog(options, new CampaignNames(), new ListLogger<EmbeddedEventLog>(), TimeProvider.System);
        await log.StartAsync([], default);
        double[][] latencies = new double[writers][];
        long started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            int appends = total / writers / batch;
            latencies[writer] = new double[appends];
            var events = new EngineEvent[batch];
            for (int i = 0; i < appends; i++)
            {
                for (int k = 0; k < batch; k++) events[k] = TestEvents.Bill("campaign-" + (k + writer) % 50, writer * total + i * batch + k);
                long call = Stopwatch.GetTimestamp();
                await log.AppendAsync(events, default);
                latencies[writer][i] = Stopwatch.GetElapsedTime(call).TotalMilliseconds;
            }
        })));
        TimeSpan appended = Stopwatch.GetElapsedTime(started);
        started = Stopwatch.GetTimestamp();
        int read = (await log.ReadToEndAsync()).Count;
        TimeSpan reading = Stopwatch.GetElapsedTime(started);

        double[] sorted = [.. latencies.SelectMany(one => one).Order()];
        Assert.Equal(sorted.Length * batch, read);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"batch {batch}, {writers} writers, fsync {fsync}: {read} events appended at {read / appended.TotalSeconds:F0}/s " +
            $"(append p50 {sorted[sorted.Length / 2]:F2} ms, p99 {sorted[sorted.Length * 99 / 100]:F2} ms), read at {read / reading.TotalSeconds:F0}/s");
    }
}
