using AutoBid.Simulator.Auctions;

namespace AutoBid.Simulator.Oracles;

/// <summary>
/// The lower convex hull of (exposure, expected cost) over the slots of one opportunity and nothing bought, as increments of rising price. Slots that
/// lie above it are never worth their price: a mixture of its neighbours has their exposure for less.
/// </summary>
internal struct SlotHull
{
    /// <summary>Increments; at most one a slot.</summary>
    public int Count;

    private Triple _exposure;
    private Triple _cost;
    private Triple _price;

    /// <summary>Exposure that the increment adds.</summary>
    public readonly float Exposure(int increment) => _exposure[increment];

    /// <summary>Expected cost that it adds, account currency.</summary>
    public readonly float Cost(int increment) => _cost[increment];

    /// <summary>Cost / exposure: the price where an exposure is worth 1.</summary>
    public readonly float Price(int increment) => _price[increment];

    /// <param name="ranking">The bids as they stood.</param>
    /// <param name="removed">Rank of the own bid, which is taken out; 3 or more: not among the slots.</param>
    public static SlotHull Of(AuctionRules rules, BidRanking ranking, int opportunity, int removed)
    {
        var hull = default(SlotHull);
        bool sellsAtReserve = rules.SellsAtReserve || rules.Pricing == AuctionPricing.FirstPrice;
        float exposure = 0, cost = 0;
        for (int slot = rules.Slots - 1; slot >= 0; slot--)
        {
            // The bid to beat for this slot, and in first price the least that beats it.
            float price = Math.Max(ranking.Bids(removed <= slot ? slot + 1 : slot)[opportunity], rules.Reserve);
            if (!sellsAtReserve && price <= rules.Reserve) continue;
            float reached = rules.Exposure[slot], paid = reached * price;
            if (!(reached > exposure)) continue;
            hull.Push(reached - exposure, paid - cost);
            (exposure, cost) = (reached, paid);
        }

        for (int k = 0; k < hull.Count; k++) hull._price[k] = hull._cost[k] / hull._exposure[k];
        return hull;
    }

    private void Push(float exposure, float cost)
    {
        // A dearer increment before a cheaper one is bought together with it or not at all.
        while (Count > 0 && cost * _exposure[Count - 1] <= _cost[Count - 1] * exposure)
        {
            Count--;
            exposure += _exposure[Count];
            cost += _cost[Count];
        }

        _exposure[Count] = exposure;
        _cost[Count++] = cost;
    }

    [System.Runtime.CompilerServices.InlineArray(AuctionRules.MostSlots)]
    private struct Triple
    {
        private float _first;
    }
}
