namespace AutoBid.Engine.Bidding;

/// <summary>Sums of the bid path for one campaign.</summary>
public struct BidTotals
{
    public long Opportunities;
    public long ValueE9;
    public long Bids;
    public long BidValueE9;
    public long BidNanos;

    /// <summary>Bids that found no headroom, and their prices.</summary>
    public long Refusals;
    public long RefusedNanos;

    /// <summary>What was added since <paramref name="earlier"/>.</summary>
    public readonly BidTotals Since(in BidTotals earlier) => new()
    {
        Opportunities = Opportunities - earlier.Opportunities,
        ValueE9 = ValueE9 - earlier.ValueE9,
        Bids = Bids - earlier.Bids,
        BidValueE9 = BidValueE9 - earlier.BidValueE9,
        BidNanos = BidNanos - earlier.BidNanos,
        Refusals = Refusals - earlier.Refusals,
        RefusedNanos = RefusedNanos - earlier.RefusedNanos,
    };
}
