using AutoBid.OpenRtb.Currencies;

namespace AutoBid.OpenRtb.Reading;

/// <summary>One entry of imp.pmp.deals.</summary>
public struct Deal
{
    public JsonText Id { get; internal set; }

    /// <summary>bidfloor in nanos of <see cref="FloorCurrency"/> per impression, rounded up.</summary>
    public long FloorNanos { get; internal set; }

    /// <summary>bidfloorcur; USD when absent.</summary>
    public CurrencyCode FloorCurrency { get; internal set; }

    /// <summary>Auction type of the deal: 1 first price, 2 second price, 3 the floor is the agreed price; 0 when absent (the request's own type holds).</summary>
    public int AuctionType { get; internal set; }
}
