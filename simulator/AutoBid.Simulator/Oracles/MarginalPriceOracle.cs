using AutoBid.Simulator.Auctions;

namespace AutoBid.Simulator.Oracles;

/// <summary>
/// Marginal-price knapsack (policies.md section 1): per opportunity the lower convex hull of (expected exposed value, expected exposed cost) over the
/// slots at frozen rivals' prices, increments bought in order of their price per unit of value. No bidding, however well informed, scores more against
/// frozen rivals in expectation; up to one fractional item the bound is reached.
/// </summary>
public sealed class MarginalPriceOracle : KnapsackOracle
{
    // Most seats are not among an opportunity's winners and face the same hull.
    private SlotHull[] _hulls = [];

    private protected override void Prepare(SlotAuction auction)
    {
        if (_hulls.Length < auction.Opportunities) _hulls = new SlotHull[auction.Opportunities];
        for (int i = 0; i < auction.Opportunities; i++) _hulls[i] = SlotHull.Of(auction.Rules, auction.Ranking, i, AuctionRules.MostSlots);
    }

    private protected override void Collect(SlotAuction auction, int seat, ReadOnlySpan<float> values, float target, PriceHistogram into)
    {
        BidRanking ranking = auction.Ranking;
        ReadOnlySpan<int> first = ranking.Advertisers(0), second = ranking.Advertisers(1), third = ranking.Advertisers(2);
        for (int i = 0; i < values.Length; i++)
        {
            float value = values[i];
            if (!(value > 0)) continue;
            int own = first[i] == seat ? 0 : second[i] == seat ? 1 : third[i] == seat ? 2 : AuctionRules.MostSlots;
            if (own < AuctionRules.MostSlots) Enter(SlotHull.Of(auction.Rules, ranking, i, own), value, target, into);
            else Enter(_hulls[i], value, target, into);
        }
    }

    private static void Enter(in SlotHull hull, float value, float target, PriceHistogram into)
    {
        float perUnit = 1 / (value * target);
        for (int k = 0; k < hull.Count; k++) into.Add(hull.Price(k) * perUnit, hull.Cost(k), hull.Exposure(k) * value);
    }
}
