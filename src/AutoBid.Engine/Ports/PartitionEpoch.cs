namespace AutoBid.Engine.Ports;

/// <summary>The epoch under which a node holds a partition: the right to change what belongs to it.</summary>
public readonly record struct PartitionEpoch(int Partition, long Epoch);
