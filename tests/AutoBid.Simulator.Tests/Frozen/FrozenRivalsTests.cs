using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Frozen;

public sealed class FrozenRivalsTests
{
    private static readonly AuctionNetPeriod Player = new();

    // Rivals that play constants and never run out do not react, and with certain exposure nothing is left to chance: there the frozen curve must
    // foretell what playing the multiplier brings.
    [Theory]
    [InlineData(45, 0.61)]
    [InlineData(60, 1.11)]
    [InlineData(75, 2.0)]
    public void The_curve_foretells_what_a_played_constant_costs_and_brings(int point, double near)
    {
        Seat[] rich = [.. AuctionNetSeats.All.Select(s => s with { Budget = 1e9 })];
        LineUp field = new LineUpFactory(1, null).Uniform(0, "truthful", new ConstantPolicy(1), rich);
        var frozen = new FrozenRivals();
        AuctionRules rules = AuctionRules.AuctionNet with { Exposure = [1f, 1f, 1f] };
        Player.Play(SmallMarket.Setup(field) with { Rules = rules }, frozen);
        double multiplier = FrozenDay.Multipliers[point];
        Assert.Equal(near, multiplier, 0.03);
        double cost = 0, value = 0, playedCost = 0, playedValue = 0;
        foreach (int seat in (int[])[3, 17, 40])
        {
            HindsightOracle.Walk(frozen.Of(seat), 1e9, multiplier, out double c, out double v);
            cost += c;
            value += v;
            PeriodResult played = Player.Play(SmallMarket.Setup(LineUpFactory.Replace(field, [seat], new ConstantPolicy(multiplier * (1 + 1e-6)))) with { Rules = rules });
            playedCost += played.Cost(seat);
            playedValue += played.ValueWon(seat);
        }

        Assert.True(cost > 0);
        Assert.InRange(playedCost / cost, 0.999, 1.001);
        Assert.InRange(playedValue / value, 0.999, 1.001);
    }

    [Fact]
    public void The_oracle_is_the_best_of_the_160_multipliers_and_near_the_best_of_all()
    {
        var frozen = new FrozenRivals();
        PeriodResult result = Player.Play(SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(1))), frozen);
        foreach (int seat in (int[])[0, 9, 22, 47])
        {
            Seat money = result.SeatOf(seat);
            double score = 0, valid = 0, continuous = 0;
            foreach (double multiplier in DayForecast.Multipliers)
            {
                HindsightOracle.Walk(frozen.Of(seat), money.Budget, multiplier, out double cost, out double value);
                Assert.True(cost <= money.Budget * (1 + 1e-9));
                score = Math.Max(score, Score.Of(value, cost, money.TargetCpa));
                if (cost <= money.TargetCpa * value) valid = Math.Max(valid, value);
            }

            for (double multiplier = 0.05; multiplier < 4; multiplier *= 1.001)
            {
                HindsightOracle.Walk(frozen.Of(seat), money.Budget, multiplier, out double cost, out double value);
                continuous = Math.Max(continuous, Score.Of(value, cost, money.TargetCpa));
            }

            OracleResult best = HindsightOracle.BestConstant(frozen.Of(seat), money, PacingMode.SpendFirst);
            OracleResult held = HindsightOracle.BestConstant(frozen.Of(seat), money, PacingMode.TargetFirst);
            Assert.Equal(score, best.Score);
            Assert.InRange(best.Score / continuous, 0.9, 1.000001);
            Assert.Equal(best.Score, Score.Of(best.Value, best.Cost, money.TargetCpa), 1e-9);
            Assert.Equal(valid, held.Score);
            Assert.True(held.Cost <= money.TargetCpa * held.Value);
            Assert.True(held.Score <= best.Score);
        }
    }

    [Fact]
    public void A_walk_stops_when_the_money_is_gone()
    {
        var frozen = new FrozenRivals();
        Player.Play(SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(1))), frozen);
        HindsightOracle.Walk(frozen.Of(3), 1e9, 2, out double cost, out double value);
        HindsightOracle.Walk(frozen.Of(3), cost / 2, 2, out double halfCost, out double halfValue);
        Assert.Equal(cost / 2, halfCost, 1e-6);
        Assert.InRange(halfValue, 0.2 * value, 0.8 * value);
        HindsightOracle.Walk(frozen.Of(3), 1e9, 0.05, out double lowCost, out double lowValue);
        HindsightOracle.Walk(frozen.Of(3), 1e9, 0.1, out double firstCost, out double firstValue);
        Assert.Equal(firstCost / 2, lowCost, 1e-12);
        Assert.Equal(firstValue / 2, lowValue, 1e-12);
    }

    [Fact]
    public void A_key_that_can_never_keep_its_target_gets_the_lowest_cpa()
    {
        var frozen = new FrozenRivals();
        Player.Play(SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(1))), frozen);
        OracleResult held = HindsightOracle.BestConstant(frozen.Of(5), new Seat(100, 1e-3), PacingMode.TargetFirst);
        OracleResult free = HindsightOracle.BestConstant(frozen.Of(5), new Seat(100, 1e9), PacingMode.SpendFirst);
        Assert.True(held.Value < free.Value);
        Assert.True(held.Cost / Math.Max(held.Value, 1e-12) <= free.Cost / free.Value);
    }

    [Fact]
    public void Shares_of_the_oracle_are_sums_over_sums()
    {
        var table = new ScoreTable();
        var frozen = new FrozenRivals();
        for (int period = 0; period < 2; period++)
            table.Add(Player.Play(SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(1)), period), frozen), frozen);
        Assert.Equal(96, table.Keys.Count);
        Assert.Equal(table.Keys.Sum(k => k.Expected) / table.Keys.Sum(k => k.Oracle), table.ShareOfOracle, 1e-12);
        Assert.Equal(2, table.ShareByPeriod().Count);
        Assert.InRange(table.ShareOfOracle, 0.3, 1);
        // Truthful bidders pay at most their bid, so each keeps its target.
        Assert.Equal(1, table.CpaValidity);
        Assert.InRange(table.SpentShare, 0.2, 1);
        Assert.Equal(table.Keys.Average(k => k.Realised), table.MeanRealised);
    }
}
