namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>How much a <see cref="SeenMemory"/> holds, by tier.</summary>
public readonly record struct SeenFigures
{
    /// <summary>Bits of own bids, and bytes of their table and pages.</summary>
    public long OwnBids { get; init; }

    public long OwnBidBytes { get; init; }

    /// <summary>Identities of the young hours, and bytes of their tables.</summary>
    public long Young { get; init; }

    public long YoungBytes { get; init; }

    /// <summary>Identities in sealed hours, 16 bytes each, and bytes of the filters in front of them.</summary>
    public long Sealed { get; init; }

    public long FilterBytes { get; init; }

    /// <summary>Questions for which a filter had a sealed day read, and those of them that found nothing.</summary>
    public long SegmentReads { get; init; }

    public long FalsePositives { get; init; }
}
