namespace AutoBid.Streaming.Embedded;

/// <summary>A record as it lies in the embedded log; <paramref name="TimeTicks"/> is when it was appended (UTC ticks).</summary>
public sealed record LogRecord(string Topic, int Partition, long Offset, long TimeTicks, byte[] Key, byte[] Payload);
