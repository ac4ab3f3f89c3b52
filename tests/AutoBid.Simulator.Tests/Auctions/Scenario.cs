using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Auctions;

/// <summary>Small hand-written steps: bids[advertiser][opportunity].</summary>
internal static class Scenario
{
    public static readonly StepDraws Draws = new(1, 0, 0);

    /// <summary>The benchmark's rules with every sold slot exposed, so that prices can be read off the costs.</summary>
    public static readonly AuctionRules AlwaysExposed = AuctionRules.AuctionNet with { Exposure = [1f, 1f, 1f] };

    public static SlotAuction Run(AuctionRules rules, float[][] bids, double[]? left = null, float value = 0.001f)
        => Run(rules, bids, [.. bids.Select(row => row.Select(_ => value).ToArray())], left ?? [.. bids.Select(_ => 1e9)], Draws, out _);

    public static SlotAuction Run(AuctionRules rules, float[][] bids, float[][] values, double[] left, StepDraws draws, out BidMatrix matrix)
    {
        var traffic = new TrafficStep();
        matrix = new BidMatrix();
        traffic.Resize(draws.Step, bids.Length, bids[0].Length, bids[0].Length);
        matrix.Resize(bids.Length, bids[0].Length);
        for (int a = 0; a < bids.Length; a++)
        {
            bids[a].CopyTo(matrix.Row(a));
            values[a].CopyTo(traffic.MutableValues(a));
        }

        var auction = new SlotAuction(rules);
        auction.Run(traffic, matrix, left, draws);
        return auction;
    }

    /// <summary>One opportunity.</summary>
    public static SlotAuction RunOne(AuctionRules rules, params float[] bids) => Run(rules, [.. bids.Select(bid => new[] { bid })]);

    /// <summary>(advertiser, price) of each sold slot of the first opportunity.</summary>
    public static List<(int Advertiser, float Price)> Sales(SlotAuction auction, int opportunity = 0)
    {
        var sales = new List<(int, float)>();
        for (int slot = 0; slot < auction.Rules.Slots; slot++)
        {
            if (auction.TryGetSale(opportunity, slot, out int advertiser, out float price)) sales.Add((advertiser, price));
        }

        return sales;
    }
}
