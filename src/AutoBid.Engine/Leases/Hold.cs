namespace AutoBid.Engine.Leases;

/// <summary>An open bid's claim on headroom. Nothing held: not written yet, or ended.</summary>
internal struct Hold
{
    /// <summary>What an ended hold shows whose bill another node told of: a second telling is known as such.</summary>
    public const long Billed = -1;

    /// <summary>Nanos taken out of headroom; 0 or <see cref="Billed"/>: ended. Written by the bid thread once, then by the desk once.</summary>
    public long HeldNanos;

    /// <summary>When a loss is assumed, on the clock of leases. Written last: it tells the desk that the cell is written.</summary>
    public long ExpiresTicks;
}
