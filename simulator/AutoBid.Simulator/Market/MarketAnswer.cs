namespace AutoBid.Simulator.Market;

/// <summary>A bidder's answer to one request: a bid, a no-bid with its reason, or something that an exchange cannot use.</summary>
/// <param name="Campaign">Index into <see cref="MarketOptions.Campaigns"/>; -1 without a bid.</param>
/// <param name="PriceNanos">Nanos per impression; 0 without a bid.</param>
/// <param name="Reason">Of a no-bid or a failure; empty for a bid.</param>
public readonly record struct MarketAnswer(MarketAnswerKind Kind, int Campaign, long PriceNanos, string Reason)
{
    public static MarketAnswer Bid(int campaign, long priceNanos) => new(MarketAnswerKind.Bid, campaign, priceNanos, "");

    public static MarketAnswer NoBid(string reason) => new(MarketAnswerKind.NoBid, -1, 0, reason);

    public static MarketAnswer Failed(string reason) => new(MarketAnswerKind.Failed, -1, 0, reason);
}
