using System.Diagnostics.Metrics;
using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Diagnostics;

/// <summary>Instruments of the Meter AutoBid.Streaming. Labels are topics and closed lists of reasons, never campaigns or tenants.</summary>
public static class StreamingMetrics
{
    public const string MeterName = "AutoBid.Streaming";

    private static readonly Meter Meter = new(MeterName);

    internal static readonly Counter<long> Dead = Meter.CreateCounter<long>(
        "autobid_events_dead_total", description: "Events sent to a dead-letter topic, by topic and reason.");

    internal static readonly Counter<long> Forwarded = Meter.CreateCounter<long>(
        "autobid_events_forwarded_total", description: "Events found in the wrong partition and forwarded to the right one.");

    internal static readonly Counter<long> Read = Meter.CreateCounter<long>("autobid_events_read_total", description: "Events read, by topic.");

    internal static readonly Gauge<long> Lag = Meter.CreateGauge<long>(
        "autobid_log_lag_events", description: "Events of the owned partitions that are not read yet, by topic; measured at each tick.");

    internal static readonly Counter<long> Appended = Meter.CreateCounter<long>(
        "autobid_log_records_appended_total", description: "Records made durable, the engine's own output included.");

    internal static readonly Counter<long> AppendFailures = Meter.CreateCounter<long>(
        "autobid_log_append_failures_total", description: "Appends that could not be made durable.");

    internal static readonly Counter<long> AppendWaits = Meter.CreateCounter<long>(
        "autobid_log_append_waits_total", description: "Appends that had to wait for room in the log's queue.");

    internal static readonly Counter<long> Damaged = Meter.CreateCounter<long>(
        "autobid_log_damaged_bytes_total", unit: "By", description: "Bytes of the embedded log that did not hold a valid record and were skipped or cut off.");

    internal static readonly Counter<long> OffsetsLost = Meter.CreateCounter<long>(
        "autobid_log_offsets_lost_total", description: "Offsets that retention removed before they were applied, by topic.");

    internal static readonly Histogram<double> AppendSeconds = Meter.CreateHistogram(
        "autobid_log_append_duration_seconds", unit: "s", description: "From an append's call to its durability.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        });

    internal static readonly Histogram<int> CommitRecords = Meter.CreateHistogram(
        "autobid_log_commit_records", description: "Records that one group commit made durable.",
        advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10000, 50000] });

    /// <summary>Records how far a reader is behind, topic by topic.</summary>
    internal static void RecordLag(IReadOnlyList<PartitionOffset> ends, IReadOnlyList<PartitionOffset> position)
    {
        foreach (string topic in Topic.Inputs)
        {
            long behind = ends.Where(at => at.Topic == topic).Sum(at => at.NextOffset) - position.Where(at => at.Topic == topic).Sum(at => at.NextOffset);
            Lag.Record(Math.Max(behind, 0), TopicTag(topic));
        }
    }

    internal static KeyValuePair<string, object?> TopicTag(string topic) => new("topic", topic);

    internal static KeyValuePair<string, object?> ReasonTag(string reason) => new("reason", reason);
}
