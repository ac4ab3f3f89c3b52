namespace AutoBid.Streaming.Embedded;

/// <summary>Where the durable part of the log ends; readers never look past it.</summary>
/// <param name="Segment">The segment in which it ends.</param>
/// <param name="Position">End of the last durable record in it.</param>
/// <param name="Next">Next offset of each (topic id, partition), at topic x partitions + partition. Never changed after publication.</param>
internal sealed record DurableEnd(Segment Segment, long Position, long[] Next);
