using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Trajectories;

public sealed class StepAccumulatorTests
{
    private const double Reference = 40;
    private const double Budget = 1000;

    /// <summary>Opportunities of plausible size: value up to 0.004, price up to twice what a truthful bid would pay for the largest.</summary>
    private static (long ValueE9, long MinimumNanos)[] Signals(int[] seeds)
        => Array.ConvertAll(seeds, seed => ((long)((uint)seed * 2654435761L % 4_000_000), (long)((uint)seed * 40503L % 320_000_000)));

    private static StepAccumulator Sum(IEnumerable<(long ValueE9, long MinimumNanos)> signals)
    {
        var step = default(StepAccumulator);
        foreach ((long value, long minimum) in signals) step.AddSignal(value, minimum, Reference);
        return step;
    }

    [Fact]
    public void The_curve_is_the_naive_sum_over_the_opportunities_of_each_grid_point()
        => Prop.ForAll<int[]>(seeds =>
        {
            var signals = Signals(seeds);
            float[] cost = new float[ResponseGrid.Points], value = new float[ResponseGrid.Points];
            Sum(signals).WriteCurve(Budget, Reference, cost, value);
            for (int k = 0; k < ResponseGrid.Points; k++)
            {
                double naiveCost = 0, naiveValue = 0;
                foreach ((long v, long minimum) in signals)
                {
                    if (v <= 0 || ResponseGrid.Multipliers[k] * Reference * v < minimum) continue;
                    naiveCost += minimum / 1e9;
                    naiveValue += v / 1e9;
                }

                if (Math.Abs(cost[k] - naiveCost / Budget) > 1e-6 * (naiveCost / Budget + 1e-9)) return false;
                if (Math.Abs(value[k] - naiveValue * Reference / Budget) > 1e-6 * (naiveValue * Reference / Budget + 1e-9)) return false;
            }

            return true;
        }).Check(Checks.Config);

    [Fact]
    public void The_order_of_signals_changes_nothing()
        => Prop.ForAll<int[], int>((seeds, shuffle) =>
        {
            var signals = Signals(seeds);
            var other = ((int Seed, int Index)[])[.. signals.Select((_, i) => (unchecked((i + 1) * (shuffle | 1) * 1_000_003), i))];
            Array.Sort(other);
            float[] a = new float[48], b = new float[48];
            StepAccumulator one = Sum(signals), two = Sum(other.Select(o => signals[o.Index]));
            one.WriteCurve(Budget, Reference, a.AsSpan(0, 24), a.AsSpan(24));
            two.WriteCurve(Budget, Reference, b.AsSpan(0, 24), b.AsSpan(24));
            return a.SequenceEqual(b) && one.ToRow(Reference, 1, 1, false).Equals(two.ToRow(Reference, 1, 1, false));
        }).Check(Checks.Config);

    [Fact]
    public void The_curve_never_falls()
        => Prop.ForAll<int[]>(seeds =>
        {
            float[] cost = new float[ResponseGrid.Points], value = new float[ResponseGrid.Points];
            Sum(Signals(seeds)).WriteCurve(Budget, Reference, cost, value);
            return cost.SequenceEqual(cost.Order()) && value.SequenceEqual(value.Order());
        }).Check(Checks.Config);

    [Fact]
    public void A_free_opportunity_is_won_at_every_multiplier_and_one_without_value_at_none()
    {
        var step = default(StepAccumulator);
        step.AddSignal(1_000_000, 0, Reference);
        step.AddSignal(0, 5_000_000, Reference);
        float[] cost = new float[ResponseGrid.Points], value = new float[ResponseGrid.Points];
        step.WriteCurve(Budget, Reference, cost, value);
        Assert.All(cost, c => Assert.Equal(0, c));
        Assert.All(value, v => Assert.Equal(0.001 * Reference / Budget, v, 9));
        Assert.Equal(2, step.Signals);
        Assert.Equal(0.0025f, step.ToRow(Reference, 1, 1, false).MeanLeastWinningCost, 7);
    }

    [Fact]
    public void The_row_carries_the_sums_in_account_currency()
    {
        var step = new StepAccumulator
        {
            Impressions = 100,
            Bids = 80,
            SumValueE9 = 50_000_000,
            SumBidNanos = 1_200_000_000,
            SumBidValueE9 = 40_000_000,
            Wins = 7,
            Exposures = 6,
            CostNanos = 900_000_000,
            Conversions = 2,
            ConversionValueMicros = 3_500_000,
            ValueWonE9 = 4_000_000,
            LateCostNanos = -100_000_000,
            LateConversions = 1,
        };
        StepRow row = step.ToRow(Reference, published: 0.9, elapsed: 0.5, partial: true);
        Assert.Equal(0.05f, row.SumValue);
        Assert.Equal(1.2f, row.SumBid);
        Assert.Equal(0.75f, row.Multiplier);
        Assert.Equal(0.9f, row.Cost);
        Assert.Equal(3.5f, row.ConversionValue);
        Assert.Equal(0.004f, row.ValueWon);
        Assert.Equal(-0.1f, row.LateCost);
        Assert.Equal((0.5f, 1f, 7f, 6f, 2f, 1f), (row.Elapsed, row.Partial, row.Wins, row.Exposures, row.Conversions, row.LateConversions));
        Assert.Equal(0.0005f, row.MeanValue, 7);
        Assert.Equal(0.012f, row.MeanBid, 7);
        Assert.Equal(0.9f, default(StepAccumulator).ToRow(Reference, 0.9, 1, false).Multiplier);
        Assert.Equal((0f, 0f), (default(StepRow).MeanValue, default(StepRow).MeanBid));
    }
}
