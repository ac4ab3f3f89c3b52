using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Random;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Auctions;

public sealed class SlotAuctionProperties
{
    private static readonly AuctionRules[] AllRules =
        [AuctionRules.AuctionNet, AuctionRules.SecondPrice, AuctionRules.FirstPrice, AuctionRules.AuctionNet with { Slots = 2, Reserve = 0.3f }];

    [Fact]
    public void The_fast_auction_equals_the_naive_one()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var draws = new StepDraws((ulong)seed, 3, seed % 48);
            RandomStream shape = draws.Stream(99, DrawPurpose.LineUp);
            AuctionRules rules = AllRules[(int)(shape.Bits(0) % (ulong)AllRules.Length)];
            int advertisers = 1 + (int)(shape.Bits(1) % 12);
            int opportunities = 1 + (int)(shape.Bits(2) % 70);
            // Coarse bids make ties, reserve hits and zeros common.
            float[][] bids =
            [
                .. Enumerable.Range(0, advertisers).Select(a => Enumerable.Range(0, opportunities)
                    .Select(i => MathF.Floor(8 * draws.Stream(a, DrawPurpose.CompetingBid).SingleUniform(i)) * 0.1f).ToArray()),
            ];
            double[] left = [.. Enumerable.Range(0, advertisers).Select(a => shape.Uniform(10 + a) < 0.3 ? 1e6 : 3 * shape.Uniform(100 + a))];
            SlotAuction fast = Scenario.Run(rules, bids, bids, left, draws, out BidMatrix matrix);
            var naive = new NaiveAuction(rules, bids, left, draws);
            naive.Run();
            return Equal(fast, matrix, naive, left);
        }).Check(Checks.Config);
    }

    private static bool Equal(SlotAuction fast, BidMatrix matrix, NaiveAuction naive, double[] left)
    {
        var sales = new List<(int, int, int, float, bool)>();
        for (int i = 0; i < fast.Opportunities; i++)
        {
            for (int slot = 0; slot < fast.Rules.Slots; slot++)
            {
                if (fast.TryGetSale(i, slot, out int advertiser, out float price)) sales.Add((i, slot, advertiser, price, fast.IsExposed(i, slot)));
            }

            Assert.Equal(naive.LeastWinningCost(i), fast.LeastWinningCost(i));
            for (int a = 0; a < left.Length; a++) Assert.Equal(naive.MinimumToWin(i, a), fast.MinimumToWin(i, a));
        }

        Assert.Equal(naive.Sales, sales);
        Assert.Equal(naive.Reruns, fast.Reruns);
        for (int a = 0; a < left.Length; a++)
        {
            Assert.Equal(naive.Bids[a], matrix.Row(a).ToArray());
            Assert.True(fast.Totals[a].Cost <= left[a]);
            Assert.Equal(sales.Count(s => s.Item3 == a), fast.Totals[a].Wins);
            Assert.Equal(sales.Count(s => s.Item3 == a && s.Item5), fast.Totals[a].Exposures);
        }

        return true;
    }
}
