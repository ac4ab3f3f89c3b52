using AutoBid.Core.Campaigns;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Oracles;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Oracles;

public sealed class KnapsackOracleTests
{
    // The oracles see a bin of up to 0.8 % of price as one item.
    private const double HistogramError = 1e-3;

    private static readonly AuctionRules[] AllRules =
        [AuctionRules.AuctionNet, AuctionRules.SecondPrice, AuctionRules.FirstPrice, AuctionRules.AuctionNet with { Exposure = [1f, 1f, 0.3f] }, AuctionRules.AuctionNet with { Slots = 2, Reserve = 0.08f }];

    private static PeriodSetup Market(int seed, int opportunities, AuctionRules rules)
    {
        RandomStream draw = new StepDraws((ulong)seed, 5, 0).Stream(1, DrawPurpose.LineUp);
        double budgets = opportunities / 500_000.0 * Math.Exp(draw.Uniform(0, -2, 1));
        Seat[] seats = [.. AuctionNetSeats.All.Select(s => new Seat(Math.Max(s.Budget * budgets, 0.5), s.TargetCpa * Math.Exp(draw.Uniform(1, -0.7, 0.7))))];
        LineUp field = new LineUpFactory((ulong)seed, null).Opponents(seed % 7, seats);
        field = field with { Agents = [.. field.Agents.Select((agent, i) => agent with { Mode = draw.Uniform(100 + i) < 0.3 ? PacingMode.TargetFirst : PacingMode.SpendFirst })] };
        return SmallMarket.Setup(field, seed % 100, (ulong)seed) with { Rules = rules, Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = opportunities } };
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 3)]
    [InlineData(4, 4)]
    public void The_histogram_is_within_a_thousandth_of_sorted_items(int seed, int rules)
    {
        PeriodSetup setup = Market(seed, 2_000, AllRules[rules]);
        var marginal = new MarginalPriceOracle();
        var least = new LeastWinningCostOracle();
        int[] seats = [0, 9, 17, 33, 46];
        var sortedMarginal = new SortedKnapsack(leastWinningCost: false, seats);
        var sortedLeast = new SortedKnapsack(leastWinningCost: true, seats);
        PeriodResult result = new AuctionNetPeriod().Play(setup, marginal, least, sortedMarginal, sortedLeast);
        double worst = 0;
        foreach (int seat in seats)
        {
            Seat own = result.SeatOf(seat);
            foreach (double budget in (double[])[0.1, 1, 100])
            {
                Seat money = own with { Budget = own.Budget * budget };
                foreach (PacingMode mode in (PacingMode[])[PacingMode.SpendFirst, PacingMode.TargetFirst])
                {
                    Near(sortedMarginal.Best(seat, money, mode), marginal.Best(seat, money, mode), money, mode);
                    Near(sortedLeast.Best(seat, money, mode), least.Best(seat, money, mode), money, mode);
                }
            }
        }

        Assert.InRange(worst, 0, HistogramError);

        void Near(double sorted, OracleBound bound, Seat money, PacingMode mode)
        {
            if (sorted < 1e-3)
            {
                Assert.InRange(bound.Score, 0, 2e-3);
                return;
            }

            worst = Math.Max(worst, Math.Abs(bound.Score / sorted - 1));
            Assert.True(bound.Cost <= money.Budget * (1 + 1e-9));
            Assert.True(bound.MarginalPrice > 0);
            if (mode == PacingMode.TargetFirst) Assert.True(bound.Cost <= money.TargetCpa * bound.Value * (1 + 1e-9));
        }
    }

    [Fact]
    public void No_constant_multiplier_beats_the_marginal_price_and_that_never_beats_the_least_winning_cost()
    {
        var period = new AuctionNetPeriod();
        var rivals = new FrozenRivals();
        var marginal = new MarginalPriceOracle();
        var least = new LeastWinningCostOracle();
        int compared = 0;
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            // First price has other curves: a constant pays its own bid, the bound only what wins.
            PeriodSetup setup = Market(seed, 1_000 + seed % 4_000, AllRules[seed % AllRules.Length]);
            PeriodResult result = period.Play(setup, rivals, marginal, least);
            for (int seat = 0; seat < result.Seats; seat++)
            {
                Seat money = result.SeatOf(seat);
                OracleBound bound = marginal.Best(seat), replay = least.Best(seat);
                PacingMode mode = setup.LineUp.Agents[seat].Mode;
                OracleResult constant = HindsightOracle.BestConstant(rivals.Of(seat), money, mode);
                // In TargetFirst a constant that cannot keep the target stands for its lowest CPA, which no bound allows.
                bool kept = mode == PacingMode.SpendFirst || constant.Cost <= money.TargetCpa * constant.Value;
                if (kept) Assert.True(bound.Score >= constant.Score * (1 - HistogramError), $"seed {seed} seat {seat} {mode}: {bound} below {constant}");
                Assert.True(replay.Score >= bound.Score * (1 - HistogramError), $"seed {seed} seat {seat} {mode}: {replay} below {bound}");
                compared++;
            }

            return true;
        }).Check(Checks.Config.WithMaxTest(25));
        Assert.Equal(25 * 48, compared);
    }

    // Bids 4, 3, 2, 1 and a fifth seat of value 1: slots cost it 4, 0.8 x 3, 0.48 x 2, at 2, (2.4 - 0.96) / 0.32 = 4.5 and (4 - 2.4) / 0.2 = 8 per value.
    [Fact]
    public void Increments_of_one_opportunity_are_bought_by_their_price()
    {
        SlotAuction auction = Scenario(AuctionRules.AuctionNet, 4, 3, 2, 1, 0);
        Assert.Equal([(0.48f, 0.96f), (0.32f, 1.44f), (0.2f, 1.6f)], Increments(auction, 4));
        // The first seat, its own bid out, would pay 3, 2 and 1.
        Assert.Equal([(0.48f, 0.48f), (0.32f, 1.12f), (0.2f, 1.4f)], Increments(auction, 0));
    }

    [Fact]
    public void A_slot_above_the_hull_is_skipped()
    {
        // 0.48 x 0.1, then 0.32 for 1.552 (4.85 each), then 0.2 for 0.4 (2 each): the last two are one increment of 0.52 for 1.952.
        SlotAuction auction = Scenario(AuctionRules.AuctionNet, 2, 2, 0.1f, 0);
        Assert.Equal([(0.48f, 0.048f), (0.52f, 1.952f)], Increments(auction, 3));
        // With certain exposure only the cheapest slot counts.
        Assert.Equal([(1f, 0.1f)], Increments(Scenario(AuctionRules.AuctionNet with { Exposure = [1f, 1f, 1f] }, 2, 2, 0.1f, 0), 3));
        // Third slot unsold at the reserve.
        Assert.Equal([(1f, 2f)], Increments(Scenario(AuctionRules.AuctionNet, 2, 2, 0.0001f, 0), 3));
        Assert.Empty(Increments(Scenario(AuctionRules.AuctionNet, 0, 0, 0), 2));
        Assert.Equal([(1f, 0.0001f)], Increments(Scenario(AuctionRules.SecondPrice, 0, 0), 1));
    }

    [Fact]
    public void An_instance_forgets_the_period_before_and_threads_change_nothing()
    {
        PeriodSetup setup = Market(11, 2_000, AuctionRules.AuctionNet);
        var marginal = new MarginalPriceOracle();
        var player = new AuctionNetPeriod();
        player.Play(setup, marginal);
        OracleBound first = marginal.Best(3);
        player.Play(Market(12, 3_000, AuctionRules.AuctionNet), marginal);
        Assert.NotEqual(first, marginal.Best(3));
        new AuctionNetPeriod(threads: 3).Play(setup, marginal);
        Assert.Equal(first, marginal.Best(3));
    }

    [Fact]
    public void The_table_sums_keys_by_mode()
    {
        var rivals = new FrozenRivals();
        var marginal = new MarginalPriceOracle();
        var least = new LeastWinningCostOracle();
        var table = new OracleTable();
        for (int period = 0; period < 2; period++)
            table.Add(new AuctionNetPeriod().Play(SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(1)), period), rivals, marginal, least), rivals, marginal, least);
        OracleSums sums = table.Sums(PacingMode.SpendFirst);
        Assert.Equal(96, sums.Keys);
        Assert.Equal(table.Rows.Sum(row => row.MarginalPrice.Score), sums.MarginalPrice, 1e-9);
        Assert.Equal(sums.LeastWinningCost / sums.Hindsight, sums.LeastWinningCostShare);
        Assert.InRange(sums.PlayedShare, 0.3, 1);
        Assert.InRange(sums.MarginalPriceShare, 1, 1.3);
        Assert.InRange(sums.LeastWinningCostShare, sums.MarginalPriceShare, 2);
        Assert.Equal(0, table.Sums(PacingMode.TargetFirst).Keys);
        Assert.Equal(double.NaN, table.Sums(PacingMode.TargetFirst).PlayedShare);
    }

    private static SlotAuction Scenario(AuctionRules rules, params float[] bids) => Auctions.Scenario.RunOne(rules, bids);

    private static List<(float Exposure, float Cost)> Increments(SlotAuction auction, int seat)
    {
        int rank = 0;
        while (rank < AuctionRules.MostSlots && auction.Ranking.Advertisers(rank)[0] != seat) rank++;
        SlotHull hull = SlotHull.Of(auction.Rules, auction.Ranking, 0, rank);
        return [.. Enumerable.Range(0, hull.Count).Select(i => (MathF.Round(hull.Exposure(i), 5), MathF.Round(hull.Cost(i), 5)))];
    }
}
