namespace AutoBid.Engine.Leases;

/// <summary>An open bid's claim on headroom. Zero held: free or ended.</summary>
internal struct Hold
{
    /// <summary>Nanos taken out of headroom. Whoever exchanges it for 0 has ended the hold: it can end only once.</summary>
    public long HeldNanos;

    /// <summary>When a loss is assumed.</summary>
    public long ExpiresTicks;
}
