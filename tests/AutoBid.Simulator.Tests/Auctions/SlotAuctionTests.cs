using AutoBid.Simulator.Auctions;

namespace AutoBid.Simulator.Tests.Auctions;

public sealed class SlotAuctionTests
{
    [Fact]
    public void Four_equal_bids_go_to_the_lowest_indices_at_that_price()
    {
        SlotAuction auction = Scenario.RunOne(AuctionRules.AuctionNet, 2, 2, 2, 2);
        Assert.Equal([(0, 2f), (1, 2f), (2, 2f)], Scenario.Sales(auction));
        Assert.Equal(2f, auction.LeastWinningCost(0));
    }

    [Fact]
    public void Ties_among_many_go_to_the_lowest_indices_also_in_the_vector_path()
    {
        float[][] bids = [.. Enumerable.Range(0, 10).Select(a => Enumerable.Repeat(a == 7 ? 3f : 2f, 37).ToArray())];
        SlotAuction auction = Scenario.Run(AuctionRules.AuctionNet, bids);
        for (int i = 0; i < 37; i++) Assert.Equal([(7, 2f), (0, 2f), (1, 2f)], Scenario.Sales(auction, i));
    }

    [Fact]
    public void A_slot_priced_at_the_reserve_is_unsold()
    {
        SlotAuction auction = Scenario.RunOne(AuctionRules.AuctionNet, 4, 3, 2, 0);
        Assert.Equal([(0, 3f), (1, 2f)], Scenario.Sales(auction));
        Assert.Equal(0.0001f, auction.LeastWinningCost(0));
    }

    [Fact]
    public void A_single_bidder_buys_nothing()
    {
        SlotAuction auction = Scenario.RunOne(AuctionRules.AuctionNet, 0, 5, 0);
        Assert.Empty(Scenario.Sales(auction));
        Assert.Equal(0, auction.Totals[1].Cost);
        Assert.Equal(0.0001f, auction.MinimumToWin(0, 1));
    }

    [Fact]
    public void A_fourth_bid_exactly_at_the_reserve_leaves_slot_three_unsold()
    {
        SlotAuction auction = Scenario.RunOne(AuctionRules.AuctionNet, 4, 3, 2, 0.0001f);
        Assert.Equal([(0, 3f), (1, 2f)], Scenario.Sales(auction));
    }

    [Fact]
    public void A_fourth_bid_just_above_the_reserve_sells_slot_three()
    {
        float above = MathF.BitIncrement(0.0001f);
        SlotAuction auction = Scenario.RunOne(AuctionRules.AuctionNet, 4, 3, 2, above);
        Assert.Equal([(0, 3f), (1, 2f), (2, above)], Scenario.Sales(auction));
    }

    [Fact]
    public void Nobody_bidding_sells_nothing()
    {
        SlotAuction auction = Scenario.RunOne(AuctionRules.AuctionNet, 0, 0);
        Assert.Empty(Scenario.Sales(auction));
        Assert.Equal(-1, auction.Ranking.Advertisers(0)[0]);
        Assert.Equal(0.0001f, auction.LeastWinningCost(0));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(-1f)]
    public void A_bid_that_is_no_price_never_wins(float bid)
    {
        float[][] bids = [.. new[] { bid, 4, 3, 2, 1 }.Select(b => Enumerable.Repeat(b, 33).ToArray())];
        SlotAuction auction = Scenario.Run(AuctionRules.AuctionNet, bids);
        for (int i = 0; i < 33; i++) Assert.Equal([(1, 3f), (2, 2f), (3, 1f)], Scenario.Sales(auction, i));
    }

    [Fact]
    public void The_minimum_to_win_leaves_the_own_bid_out()
    {
        SlotAuction auction = Scenario.RunOne(AuctionRules.AuctionNet, 5, 4, 3, 2, 1);
        Assert.Equal(2f, auction.LeastWinningCost(0));
        for (int winner = 0; winner < 3; winner++) Assert.Equal(2f, auction.MinimumToWin(0, winner));
        // A loser must beat the third bid, whether or not its own bid is the one that the log reports.
        Assert.Equal(3f, auction.MinimumToWin(0, 3));
        Assert.Equal(3f, auction.MinimumToWin(0, 4));
    }

    [Fact]
    public void Only_exposed_slots_are_paid()
    {
        const int count = 40_000;
        float[][] bids = [.. new[] { 4f, 3f, 2f, 1f }.Select(b => Enumerable.Repeat(b, count).ToArray())];
        SlotAuction auction = Scenario.Run(AuctionRules.AuctionNet, bids);
        double[] share = [.. Enumerable.Range(0, 3).Select(a => auction.Totals[a].Exposures / (double)count)];
        Assert.Equal(1, share[0]);
        Assert.Equal(0.80, share[1], 0.01);
        Assert.Equal(0.48, share[2], 0.01);
        float[] price = [3, 2, 1];
        for (int a = 0; a < 3; a++)
        {
            Assert.Equal(count, auction.Totals[a].Wins);
            Assert.Equal(count, auction.Totals[a].WinsOfSlot[a]);
            Assert.Equal(auction.Totals[a].Exposures * (double)price[a], auction.Totals[a].Cost, 1e-6);
            Assert.Equal(auction.Totals[a].Exposures * (double)0.001f, auction.Totals[a].ValueWon, 1e-6);
        }

        for (int i = 0; i < count; i++) Assert.True(auction.IsExposed(i, 1) || !auction.IsExposed(i, 2), "Slot 3 is hidden when slot 2 is.");
        Assert.Equal(0.6, Enumerable.Range(0, count).Count(i => auction.IsExposed(i, 2)) / (double)auction.Totals[1].Exposures, 0.01);
    }

    [Fact]
    public void Second_price_with_one_slot_pays_the_second_bid_or_the_reserve()
    {
        AuctionRules rules = AuctionRules.SecondPrice with { Reserve = 1 };
        Assert.Equal([(1, 3f)], Scenario.Sales(Scenario.RunOne(rules, 3, 5, 2)));
        Assert.Equal([(0, 1f)], Scenario.Sales(Scenario.RunOne(rules, 5, 0)));
        Assert.Equal([(0, 1f)], Scenario.Sales(Scenario.RunOne(rules, 1, 0.5f)));
        Assert.Empty(Scenario.Sales(Scenario.RunOne(rules, 0.9f, 0.8f)));
        SlotAuction auction = Scenario.RunOne(rules, 3, 5, 2);
        Assert.Equal(3f, auction.MinimumToWin(0, 1));
        Assert.Equal(5f, auction.MinimumToWin(0, 0));
    }

    [Fact]
    public void First_price_pays_the_own_bid()
    {
        AuctionRules rules = AuctionRules.FirstPrice with { Reserve = 1 };
        Assert.Equal([(1, 5f)], Scenario.Sales(Scenario.RunOne(rules, 3, 5, 2)));
        Assert.Equal([(0, 1f)], Scenario.Sales(Scenario.RunOne(rules, 1, 0)));
        Assert.Empty(Scenario.Sales(Scenario.RunOne(rules, 0.9f)));
        Assert.Equal(5.0, Scenario.RunOne(rules, 3, 5, 2).Totals[1].Cost);
    }

    [Fact]
    public void Mismatched_shapes_and_impossible_rules_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Scenario.Run(AuctionRules.AuctionNet, [[1f], [2f]], left: [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SlotAuction(AuctionRules.AuctionNet with { Slots = 4 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SlotAuction(AuctionRules.AuctionNet with { Reserve = float.NaN }));
        Assert.Throws<ArgumentException>(() => new SlotAuction(AuctionRules.AuctionNet with { Exposure = [0.5f, 0.8f, 0.4f] }));
        Assert.Throws<ArgumentException>(() => new SlotAuction(AuctionRules.AuctionNet with { Exposure = [1f] }));
    }
}
