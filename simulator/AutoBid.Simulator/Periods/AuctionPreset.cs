using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Periods;

/// <summary>A named market that is played step by step: what arrives, and how it is sold. The <c>market</c> preset, request by request, is not one of them.</summary>
public sealed record AuctionPreset(string Name, TrafficOptions Traffic, AuctionRules Rules)
{
    /// <summary>The benchmark's final round: three slots, generalised second price, sparse values.</summary>
    public static AuctionPreset AuctionNet { get; } = new("auctionnet", TrafficOptions.FinalRound, AuctionRules.AuctionNet);

    /// <summary>The benchmark's dense data: ten times the values.</summary>
    public static AuctionPreset AuctionNetDense { get; } = new("auctionnet-dense", TrafficOptions.Dense, AuctionRules.AuctionNet);

    /// <summary>One slot, each winner pays its bid.</summary>
    public static AuctionPreset FirstPrice { get; } = new("first-price", TrafficOptions.FinalRound, AuctionRules.FirstPrice);

    /// <summary>One slot, the winner pays the second bid.</summary>
    public static AuctionPreset SecondPrice { get; } = new("second-price", TrafficOptions.FinalRound, AuctionRules.SecondPrice);

    public static IReadOnlyList<AuctionPreset> All { get; } = [AuctionNet, AuctionNetDense, FirstPrice, SecondPrice];

    /// <summary>Null when there is none of that name.</summary>
    public static AuctionPreset? Find(string name) => All.FirstOrDefault(preset => preset.Name == name);
}
