using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>What a commit must do to the stored blocks. No key is in two of the lists.</summary>
public sealed class SeenChanges
{
    /// <summary>Put behind what the key has.</summary>
    public List<SeenBlock> Appended { get; } = [];

    /// <summary>Put in the place of all that the key has.</summary>
    public List<SeenBlock> Replaced { get; } = [];

    /// <summary>Keys of which nothing is kept.</summary>
    public List<SeenKey> Dropped { get; } = [];

    public bool IsEmpty => Appended.Count == 0 && Replaced.Count == 0 && Dropped.Count == 0;
}
