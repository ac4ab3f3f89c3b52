using AutoBid.Simulator.Auctions;

namespace AutoBid.Simulator.Oracles;

/// <summary>
/// Knapsack on the minimum to win (own bid removed, at least the reserve) with certain exposure (policies.md section 1). Exact where a log is replayed
/// by these rules; in the live auction nobody can reach it: the last slot's price buys the first slot's exposure. It is never below
/// <see cref="MarginalPriceOracle"/>, since share e of an item costs at most what a slot of exposure e costs.
/// </summary>
public sealed class LeastWinningCostOracle : KnapsackOracle
{
    private protected override void Prepare(SlotAuction auction)
    {
    }

    private protected override void Collect(SlotAuction auction, int seat, ReadOnlySpan<float> values, float target, PriceHistogram into)
    {
        BidRanking ranking = auction.Ranking;
        int slots = auction.Rules.Slots;
        float reserve = auction.Rules.Reserve;
        ReadOnlySpan<float> with = ranking.Bids(slots), without = ranking.Bids(slots - 1);
        // With fewer than three slots the later ranks repeat: only an own bid inside the slots makes room for the next.
        ReadOnlySpan<int> first = ranking.Advertisers(0), second = ranking.Advertisers(Math.Min(1, slots - 1)), third = ranking.Advertisers(slots - 1);
        for (int i = 0; i < values.Length; i++)
        {
            float value = values[i];
            if (!(value > 0)) continue;
            bool own = first[i] == seat | second[i] == seat | third[i] == seat;
            float cost = Math.Max(own ? with[i] : without[i], reserve);
            into.Add(cost / (value * target), cost, value);
        }
    }
}
