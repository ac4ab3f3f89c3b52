using AutoBid.Simulator.Replay;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Replay;

public sealed class LeastWinningCostKnapsackTests
{
    [Fact]
    public void It_is_the_exact_knapsack_or_a_hair_more()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            List<ReplayRow> rows = RandomLog.Rows((ulong)seed, 1, 1, 2);
            double target = rows[0].Target;
            var oracle = new LeastWinningCostKnapsack(target);
            foreach (ReplayRow row in rows) oracle.Add(row.Value, row.Price);
            foreach (double budget in (double[])[0.05, 0.5, rows[0].Budget, 1e9])
            {
                double exact = NaiveReplay.Knapsack(rows, budget, target), bound = oracle.Best(budget).Score;
                Assert.InRange(bound, exact * (1 - 1e-12), exact * 1.008 + 1e-12);
                Assert.True(oracle.Best(budget).Cost <= budget * (1 + 1e-12));
            }

            return true;
        }).Check(Checks.Config);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(1e9)]
    public void On_thousands_of_opportunities_it_is_nearly_exact(double budget)
    {
        List<ReplayRow> rows = RandomLog.Rows(21, 1, 1, 100);
        var oracle = new LeastWinningCostKnapsack(rows[0].Target);
        foreach (ReplayRow row in rows) oracle.Add(row.Value, row.Price);
        double exact = NaiveReplay.Knapsack(rows, budget, rows[0].Target);
        Assert.InRange(oracle.Best(budget).Score, exact * (1 - 1e-12), exact * 1.0001);
    }

    [Fact]
    public void More_budget_is_never_worse()
    {
        List<ReplayRow> rows = RandomLog.Rows(4, 1, 1, 20);
        var oracle = new LeastWinningCostKnapsack(rows[0].Target);
        foreach (ReplayRow row in rows) oracle.Add(row.Value, row.Price);
        double before = 0;
        for (double budget = 0.01; budget < 1e4; budget *= 1.3)
        {
            double score = oracle.Best(budget).Score;
            Assert.True(score >= before);
            before = score;
        }
    }

    [Fact]
    public void Free_things_are_taken_and_worthless_ones_left()
    {
        var oracle = new LeastWinningCostKnapsack(10);
        Assert.Equal(0, oracle.Best(100).Score);
        oracle.Add(0, 1);
        Assert.Equal(0, oracle.Best(100).Score);
        oracle.Add(0.5, 0);
        Assert.Equal((0.5, 0.0), (oracle.Best(0).Score, oracle.Best(0).Cost));
        oracle.Add(0.5, 1e9);
        // Beyond 2^14 times the target a price counts as that.
        Assert.InRange(oracle.Best(100).Score, 0.5, 0.5 + 100.0 / (10 << 14));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-300)]
    [InlineData(0.00006103515625)]
    [InlineData(1)]
    [InlineData(1.0000000000000002)]
    [InlineData(0.9999999999999999)]
    [InlineData(16383.9)]
    [InlineData(1e300)]
    [InlineData(double.PositiveInfinity)]
    public void A_ratio_lies_in_its_cell(double ratio)
    {
        int cell = PriceRatios.CellOf(ratio);
        Assert.InRange(cell, 0, PriceRatios.Cells - 1);
        Assert.True(PriceRatios.LowestOf(cell) <= ratio);
        if (cell + 1 < PriceRatios.Cells) Assert.True(ratio < PriceRatios.LowestOf(cell + 1));
    }
}
