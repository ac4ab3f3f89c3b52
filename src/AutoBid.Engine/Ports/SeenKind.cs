namespace AutoBid.Engine.Ports;

/// <summary>What the blocks of one kind hold; the ledger store does not look into them.</summary>
public enum SeenKind : byte
{
    /// <summary>Identities; the key is their hour of event time, as ticks / ticks of an hour.</summary>
    Ids,

    /// <summary>Own bids by lease and sequence number; the key is their hour, as above.</summary>
    Bids,
}
