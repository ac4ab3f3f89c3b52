namespace AutoBid.OpenRtb.Deals;

/// <summary>The floor a candidate has to reach and the deal it bids on.</summary>
/// <param name="FloorNanos">Nanos of account currency per impression; 0 for none. The bid must be at least this.</param>
/// <param name="Deal">Index into <see cref="Reading.BidRequest.Deals"/>, or -1 in the open auction.</param>
public readonly record struct EffectiveFloor(long FloorNanos, int Deal)
{
    /// <summary>True when a deal set the floor; a bid below it drops out with deal-floor instead of floor.</summary>
    public bool IsDeal => Deal >= 0;
}
