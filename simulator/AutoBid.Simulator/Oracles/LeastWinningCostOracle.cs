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
        for (int i = 0; i < values.Length; i++)
        {
            float value = values[i];
            if (!(value > 0)) continue;
            float cost = auction.MinimumToWin(i, seat);
            into.Add(cost / (value * target), cost, value);
        }
    }
}
