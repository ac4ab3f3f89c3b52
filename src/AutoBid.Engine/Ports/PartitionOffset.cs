namespace AutoBid.Engine.Ports;

/// <summary>Next offset to read of one partition of one input topic.</summary>
public readonly record struct PartitionOffset(string Topic, int Partition, long NextOffset);
