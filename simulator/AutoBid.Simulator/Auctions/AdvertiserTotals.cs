using System.Runtime.CompilerServices;

namespace AutoBid.Simulator.Auctions;

/// <summary>What one advertiser got out of one step's auctions.</summary>
public struct AdvertiserTotals
{
    /// <summary>Slots won, exposed or not.</summary>
    public int Wins;

    public int Exposures;

    /// <summary>Sum of the prices of exposed slots, account currency.</summary>
    public double Cost;

    /// <summary>Sum of predicted value over exposed slots: expected conversions.</summary>
    public double ValueWon;

    /// <summary>Conversions drawn; set by <see cref="ConversionModel"/>.</summary>
    public int Conversions;

    /// <summary>Bids taken back because the budget did not carry them.</summary>
    public int Dropped;

    /// <summary>Wins by slot; entries beyond the slots of the rules are 0.</summary>
    public SlotCounts WinsOfSlot;

    internal void Add(in AdvertiserTotals other)
    {
        Wins += other.Wins;
        Exposures += other.Exposures;
        Cost += other.Cost;
        ValueWon += other.ValueWon;
        for (int slot = 0; slot < AuctionRules.MostSlots; slot++) WinsOfSlot[slot] += other.WinsOfSlot[slot];
    }

    [InlineArray(AuctionRules.MostSlots)]
    public struct SlotCounts
    {
        private int _first;
    }
}
