namespace AutoBid.Simulator.Auctions;

/// <summary>The rules of one auction; auction.md, Auction.</summary>
public sealed record AuctionRules
{
    public const int MostSlots = 3;

    /// <summary>The benchmark: three slots, generalised second price, a slot priced at the reserve is unsold, exposure 1 / 0.8 / 0.48.</summary>
    public static AuctionRules AuctionNet { get; } = new();

    /// <summary>One slot, second price; a lone bid at or above the reserve pays the reserve.</summary>
    public static AuctionRules SecondPrice { get; } = new() { Slots = 1, Exposure = [1f], SellsAtReserve = true, SmallestBudget = 0 };

    /// <summary>One slot, first price.</summary>
    public static AuctionRules FirstPrice { get; } = SecondPrice with { Pricing = AuctionPricing.FirstPrice };

    public AuctionPricing Pricing { get; init; } = AuctionPricing.GeneralisedSecondPrice;

    /// <summary>1 to 3.</summary>
    public int Slots { get; init; } = MostSlots;

    /// <summary>Lowest price, account currency per impression.</summary>
    public float Reserve { get; init; } = 0.0001f;

    /// <summary>False: a slot whose price equals the reserve stays unsold (the benchmark).</summary>
    public bool SellsAtReserve { get; init; }

    /// <summary>
    /// P(exposed) per slot, not increasing: exposures are nested (slot 3 is hidden when slot 2 is), so one uniform per opportunity decides them all.
    /// </summary>
    public IReadOnlyList<float> Exposure { get; init; } = [1f, 0.8f, 0.48f];

    /// <summary>An advertiser with less than this left bids 0, account currency.</summary>
    public double SmallestBudget { get; init; } = 0.1;

    /// <summary>Throws when the rules contradict each other.</summary>
    public void Check()
    {
        if (Slots is < 1 or > MostSlots) throw new ArgumentOutOfRangeException(nameof(Slots), Slots, "1 to 3 slots are supported.");
        if (!(Reserve >= 0) || float.IsInfinity(Reserve)) throw new ArgumentOutOfRangeException(nameof(Reserve), Reserve, "A reserve of at least 0 is needed.");
        if (Exposure.Count < Slots) throw new ArgumentException("Each slot needs an exposure probability.", nameof(Exposure));
        for (int slot = 0; slot < Slots; slot++)
        {
            float p = Exposure[slot];
            if (!(p is > 0 and <= 1) || (slot > 0 && p > Exposure[slot - 1])) throw new ArgumentException("Exposure must fall from slot to slot within (0, 1].", nameof(Exposure));
        }
    }
}
