using AutoBid.Core.Guarding;
using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Bidding;

/// <summary>The answer to a <see cref="BidQuery"/>: a price, or 0 with the reason. Held is filled once headroom was taken.</summary>
public struct BidOffer
{
    public long PriceNanos;

    public long ValueE9;

    public GuardReasons Reasons;

    public HeldBid Held;

    public readonly bool IsBid => PriceNanos > 0;
}
