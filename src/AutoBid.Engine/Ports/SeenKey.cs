namespace AutoBid.Engine.Ports;

/// <summary>Names the dedupe blocks of one partition, kind and key.</summary>
public readonly record struct SeenKey(int Partition, SeenKind Kind, long Key);
