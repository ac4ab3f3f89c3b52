namespace AutoBid.Simulator.Auctions;

public enum AuctionPricing
{
    /// <summary>Slot k pays the (k+1)-th bid, at least the reserve. With one slot: second price.</summary>
    GeneralisedSecondPrice,

    /// <summary>Each winner pays its own bid.</summary>
    FirstPrice,
}
