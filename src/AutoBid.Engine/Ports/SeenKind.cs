namespace AutoBid.Engine.Ports;

/// <summary>What the blocks of one kind hold; the ledger store does not look into them.</summary>
public enum SeenKind : byte
{
    /// <summary>Identities; the key is the hour in which they expire, as ticks / ticks of an hour.</summary>
    Ids,

    /// <summary>Sequence numbers of own bids; the key is the lease.</summary>
    Bids,
}
