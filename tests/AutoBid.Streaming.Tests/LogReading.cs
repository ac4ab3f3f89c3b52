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
        long started = Stopwatch.GetTimestamp();
        IReadOnlyList<PartitionOffset>? end = null;
        while (end is null)
        {
            try
            {
                end = await log.EndOffsetsAsync(default);
            }
            catch (EventLogUnavailableException) when (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60))
            {
                // A broker that has just started takes appends to one partition before all of them have their leaders. The loop asks again, too.
            }
        }

        var events = new List<EngineEvent>();
        var buffer = new EngineEvent[batch];
        while (!log.Position.Zip(end).All(pair => pair.First.NextOffset >= pair.Second.NextOffset))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), "the end offsets were not reached in a minute");
            int count = await log.ReadAsync(buffer, TimeSpan.FromMilliseconds(100), default);
            events.AddRange(buffer.Take(count));
        }

        return events;
    }
}
