using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Auctions;

public sealed class ConversionModelTests
{
    private static readonly TrafficOptions Small = TrafficOptions.Dense with { OpportunitiesPerPeriod = 40_000, MeanValue = 0.05 };

    [Fact]
    public void Conversions_come_out_near_the_expected_number_and_only_from_exposed_slots()
    {
        double expected = 0, drawn = 0;
        for (int period = 0; period < 6; period++)
        {
            SlotAuction auction = Play(period, bidPerValue: 1, step: 18, out ConversionModel model, out TrafficStep buffer);
            foreach (ref AdvertiserTotals total in auction.Totals)
            {
                expected += total.ValueWon;
                drawn += total.Conversions;
            }

            int[] counted = new int[48];
            for (int i = 0; i < auction.Opportunities; i++)
            {
                for (int slot = 0; slot < 3; slot++)
                {
                    if (auction.TryGetSale(i, slot, out int a, out _) && auction.IsExposed(i, slot) && model.Converts(18, a, i, buffer.Values(a)[i])) counted[a]++;
                }
            }

            Assert.Equal(counted, auction.Totals.ToArray().Select(t => t.Conversions));
        }

        Assert.InRange(drawn, expected - 4.5 * Math.Sqrt(expected), expected + 4.5 * Math.Sqrt(expected));
    }

    [Fact]
    public void A_rival_does_not_change_whether_an_impression_converts()
    {
        SlotAuction low = Play(0, 1, 20, out ConversionModel model, out TrafficStep buffer);
        bool[] first = [.. Enumerable.Range(0, low.Opportunities).Select(i => model.Converts(20, 3, i, buffer.Values(3)[i]))];
        Play(0, 2, 20, out model, out buffer);
        Assert.Equal(first, Enumerable.Range(0, low.Opportunities).Select(i => model.Converts(20, 3, i, buffer.Values(3)[i])));
        Assert.Contains(true, first);
    }

    [Fact]
    public void Sigma_is_at_most_thirty_percent_of_the_value()
    {
        var traffic = new AuctionNetTraffic(4, 0, Small);
        var relative = new List<double>();
        for (int a = 0; a < 48; a++)
        {
            for (int i = 0; i < 300; i++) relative.Add(traffic.PredictionSigma(5, a, i, 0.1f) / 0.1f);
        }

        Assert.All(relative, q => Assert.InRange(q, 0, 0.3 + 1e-9));
        Assert.InRange(relative.Average(), 0.12, 0.18);
    }

    private static SlotAuction Play(int period, float bidPerValue, int step, out ConversionModel model, out TrafficStep buffer)
    {
        var traffic = new AuctionNetTraffic(8, period, Small);
        buffer = new TrafficStep();
        traffic.Generate(step, buffer);
        var bids = new BidMatrix();
        bids.Resize(48, buffer.Opportunities);
        for (int a = 0; a < 48; a++) bids.Fill(a, bidPerValue * (1 + a / 48f), buffer.Values(a));
        var auction = new SlotAuction(AuctionRules.AuctionNet);
        auction.Run(buffer, bids, [.. Enumerable.Repeat(1e9, 48)], new StepDraws(8, period, step));
        model = new ConversionModel(traffic);
        model.Draw(buffer, auction);
        return auction;
    }
}
