using AutoBid.Engine.Ports;
using AutoBid.Streaming.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Partitioning;

/// <summary>Checks the offsets that an engine wants to start from against what the log holds; one rule for both logs.</summary>
internal static class StartOffsets
{
    /// <summary>
    /// Refuses offsets of unknown partitions, and those beyond the end: such a log is older than the ledger, and reading on would skip whatever is
    /// appended next. Offsets below the oldest record kept start there, loudly: retention took events that were never applied.
    /// </summary>
    /// <param name="offsets">Wanted; partitions not named start at their beginning.</param>
    /// <param name="partitions">Partitions of each input topic.</param>
    /// <param name="owned">Numbers of those to read.</param>
    /// <param name="range">Oldest offset kept and end offset of a partition.</param>
    public static List<PartitionOffset> Resolve(
        IReadOnlyList<PartitionOffset> offsets, int partitions, IReadOnlyList<int> owned, Func<string, int, (long Low, long High)> range, ILogger logger)
    {
        var wanted = new Dictionary<(string, int), long>();
        foreach (PartitionOffset offset in offsets)
        {
            if (Array.IndexOf(Topic.Inputs, offset.Topic) < 0) throw new ArgumentException($"{offset.Topic} is not an input topic", nameof(offsets));
            if (offset.Partition < 0 || offset.Partition >= partitions)
                throw new ArgumentException($"{offset.Topic} has {partitions} partitions, none is {offset.Partition}", nameof(offsets));
            wanted[(offset.Topic, offset.Partition)] = offset.NextOffset;
        }

        var resolved = new List<PartitionOffset>(Topic.Inputs.Length * owned.Count);
        foreach (string topic in Topic.Inputs)
        {
            foreach (int partition in owned)
            {
                (long low, long high) = range(topic, partition);
                long start = low;
                if (wanted.TryGetValue((topic, partition), out long next))
                {
                    if (next > high)
                        throw new InvalidDataException($"offset {next} of {topic}/{partition} lies beyond its end {high}: the log is older than the ledger");
                    if (next < low)
                    {
                        StreamingMetrics.OffsetsLost.Add(low - next, StreamingMetrics.TopicTag(topic));
                        logger.LogError("{Topic}/{Partition}: events {From} to {To} are gone; reading starts at {To}", topic, partition, next, low, low);
                    }

                    start = Math.Max(low, next);
                }

                resolved.Add(new PartitionOffset(topic, partition, start));
            }
        }

        return resolved;
    }
}
