namespace AutoBid.Engine.Ports;

/// <summary>A partition that was taken over.</summary>
/// <param name="Epoch">Epoch of the new owner, above every earlier one; the first is 1.</param>
/// <param name="PreviousEpoch">Epoch before; 0: nobody ever owned it.</param>
/// <param name="PreviousNode">Who held it; null: nobody.</param>
public readonly record struct PartitionClaim(int Partition, long Epoch, long PreviousEpoch, string? PreviousNode);
