using System.Diagnostics;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Tests;

internal static class LogReading
{
    /// <summary>Starts as the only owner, at these offsets.</summary>
    public static ValueTask StartAsync(this IEventLog log, IReadOnlyList<PartitionOffset> offsets, CancellationToken cancellation)
        => log.StartAsync(new FixedOwner(offsets), cancellation);

    /// <summary>Reads as the engine does: until the position has reached the end offsets.</summary>
    public static async Task<List<EngineEvent>> ReadToEndAsync(this IEventLog log, int batch = 1000)
    {
        IReadOnlyList<PartitionOffset> end = await log.EndOffsetsAsync(default);
        var events = new List<EngineEvent>();
        var buffer = new EngineEvent[batch];
        long started = Stopwatch.GetTimestamp();
        while (!log.Position.Zip(end).All(pair => pair.First.NextOffset >= pair.Second.NextOffset))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), "the end offsets were not reached in a minute");
            int count = await log.ReadAsync(buffer, TimeSpan.FromMilliseconds(100), default);
            events.AddRange(buffer.Take(count));
        }

        return events;
    }
}
