namespace AutoBid.Engine.Ports;

/// <summary>What a <see cref="SeenBlock"/> remembers. The numbers are stored.</summary>
public enum SeenKind : byte
{
    /// <summary>Identities of an hour of event time.</summary>
    Identities = 1,

    /// <summary>Bits of own bids whose lease and sequence number stand for the identity.</summary>
    OwnBids = 2,
}
