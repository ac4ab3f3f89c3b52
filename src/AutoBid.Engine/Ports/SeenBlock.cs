namespace AutoBid.Engine.Ports;

/// <summary>A piece of a partition's dedupe memory, opaque to the store: blocks of one key are kept and given back in the order they were appended.</summary>
/// <param name="Key">Hour of event time: UTC ticks / ticks per hour.</param>
public sealed record SeenBlock(int Partition, SeenKind Kind, long Key, byte[] Blob);
