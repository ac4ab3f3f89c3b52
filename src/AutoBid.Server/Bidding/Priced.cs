using AutoBid.Engine.Bidding;
using AutoBid.OpenRtb.Deals;

namespace AutoBid.Server.Bidding;

/// <summary>One candidate after pricing. Price 0: dropped out.</summary>
public struct Priced
{
    public int Campaign;

    public BidOffer Offer;

    public EffectiveFloor Floor;

    public int MarkupType;
}
