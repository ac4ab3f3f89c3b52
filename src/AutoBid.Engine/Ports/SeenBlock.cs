namespace AutoBid.Engine.Ports;

/// <summary>A piece of dedupe state, opaque to the store. Several may share a key; they come back in the order in which they were appended.</summary>
public readonly record struct SeenBlock(int Partition, SeenKind Kind, long Key, byte[] Blob);
