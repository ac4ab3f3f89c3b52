using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Auctions;

public sealed class OverCostTests
{
    private static float[][] Flat(int opportunities, params float[] bids) => [.. bids.Select(b => Enumerable.Repeat(b, opportunities).ToArray())];

    [Fact]
    public void Nobody_overspends_and_rivals_move_up()
    {
        float[][] bids = Flat(1000, 5, 4, 3, 2, 1);
        SlotAuction free = Scenario.Run(Scenario.AlwaysExposed, bids);
        Assert.Equal(0, free.Reruns);
        Assert.Equal(4000, free.Totals[0].Cost);
        Assert.Equal(0, free.Totals[3].Wins);

        SlotAuction bound = Scenario.Run(Scenario.AlwaysExposed, bids, left: [1000, 1e9, 1e9, 1e9, 1e9]);
        Assert.True(bound.Reruns >= 1);
        Assert.InRange(bound.Totals[0].Cost, 900, 1000);
        Assert.Equal(750, bound.Totals[0].Dropped, 5.0);
        Assert.Equal(bound.Totals[0].Dropped, bound.Totals[3].Wins);
        // Where seat 0 dropped out, seat 1 pays 3 for slot 1 as it did for slot 2.
        Assert.Equal(3000, bound.Totals[1].Cost);
    }

    [Fact]
    public void The_share_dropped_is_the_ceiling_of_the_excess_ratio()
    {
        SlotAuction auction = Scenario.Run(Scenario.AlwaysExposed, Flat(10, 5, 4, 3, 2), left: [20, 1e9, 1e9, 1e9]);
        // Cost 40, left 20: r = 20 / 40.0001, ceil(10 r) = 5, after which exactly 20 is spent.
        Assert.Equal(5, auction.Totals[0].Dropped);
        Assert.Equal(20, auction.Totals[0].Cost);
        Assert.Equal(1, auction.Reruns);
    }

    [Fact]
    public void Less_than_a_tenth_left_bids_nothing()
    {
        SlotAuction auction = Scenario.Run(Scenario.AlwaysExposed, Flat(5, 0.004f, 0.003f, 0.002f, 0.001f), left: [0.0999, 0.1, 1, 1]);
        Assert.Equal(0, auction.Totals[0].Wins);
        Assert.Equal(5, auction.Totals[1].Wins);
    }

    [Fact]
    public void A_budget_that_carries_no_single_win_ends_with_none()
    {
        SlotAuction auction = Scenario.Run(Scenario.AlwaysExposed, Flat(3, 5, 4, 3, 2), left: [0.5, 1e9, 1e9, 1e9]);
        Assert.Equal(0, auction.Totals[0].Wins);
        Assert.Equal(0, auction.Totals[0].Cost);
        Assert.Equal(3, auction.Totals[0].Dropped);
    }

    [Fact]
    public void Several_over_cost_at_once_all_fit_in_the_end()
    {
        SlotAuction auction = Scenario.Run(AuctionRules.AuctionNet, Flat(2000, 5, 4, 3, 2, 1), left: [100, 200, 300, 400, 500]);
        for (int a = 0; a < 5; a++) Assert.InRange(auction.Totals[a].Cost, 0, 100 * (a + 1));
        Assert.True(auction.Reruns > 1);
    }

    [Fact]
    public void Exposure_of_an_opportunity_does_not_change_in_a_rerun()
    {
        float[][] bids = Flat(500, 5, 4, 3, 2, 1);
        SlotAuction free = Scenario.Run(AuctionRules.AuctionNet, bids);
        SlotAuction bound = Scenario.Run(AuctionRules.AuctionNet, bids, left: [50, 60, 70, 1e9, 1e9]);
        Assert.True(bound.Reruns > 0);
        for (int i = 0; i < 500; i++)
        {
            for (int slot = 0; slot < 3; slot++) Assert.Equal(free.IsExposed(i, slot), bound.IsExposed(i, slot));
        }
    }

    [Fact]
    public void Running_again_does_not_allocate()
    {
        var traffic = new AuctionNetTraffic(1, 0, TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 20_000 });
        var buffer = new TrafficStep();
        var bids = new BidMatrix();
        var auction = new SlotAuction(AuctionRules.AuctionNet);
        var conversions = new ConversionModel(traffic);
        double[] left = [.. Enumerable.Repeat(1.5, 48)];
        Play();
        Assert.Equal(0, Allocations.Of(Play));
        Assert.True(auction.Reruns > 0);

        void Play()
        {
            traffic.Generate(18, buffer);
            bids.Resize(48, buffer.Opportunities);
            for (int a = 0; a < 48; a++) bids.Fill(a, 120, buffer.Values(a));
            auction.Run(buffer, bids, left, new StepDraws(1, 0, 18));
            conversions.Draw(buffer, auction);
        }
    }
}
