using AutoBid.Simulator.Evaluation.Statistics;
using AutoBid.Simulator.Random;
using FsCheck;
using FsCheck.Fluent;
using Interval = AutoBid.Simulator.Evaluation.Statistics.Interval;

namespace AutoBid.Simulator.Tests.Evaluation;

public sealed class StatisticsTests
{
    [Fact]
    public void Holm_by_hand()
    {
        // Sorted 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.5 x 1; each at least the one before.
        Assert.Equal([0.06, 0.04, 0.5, 0.06], Holm.Adjust([0.02, 0.01, 0.5, 0.03]), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([1.0, 1.0], Holm.Adjust([0.9, 0.6]));
        Assert.Equal([0.03], Holm.Adjust([0.03]));
        Assert.Empty(Holm.Adjust([]));
    }

    [Fact]
    public void Holm_never_lowers_a_p_value_and_keeps_their_order()
    {
        Gen<double[]> gen = ArbMap.Default.GeneratorFor<int>().Select(i => Math.Abs((long)i) % 1001 / 1000.0).ArrayOf();
        Prop.ForAll(gen.ToArbitrary(), p =>
        {
            double[] adjusted = Holm.Adjust(p);
            bool raised = p.Zip(adjusted).All(pair => pair.Second >= pair.First && pair.Second <= 1);
            int[] order = [.. Enumerable.Range(0, p.Length).OrderBy(i => p[i])];
            bool ordered = order.Zip(order.Skip(1)).All(pair => adjusted[pair.First] <= adjusted[pair.Second]);
            return raised && ordered;
        }).Check(Checks.Config);
    }

    [Theory]
    [InlineData(1, 12.7062)]
    [InlineData(2, 4.3027)]
    [InlineData(3, 3.1824)]
    [InlineData(11, 2.2010)]
    [InlineData(19, 2.0930)]
    [InlineData(79, 1.9905)]
    public void Student_quantiles_as_in_tables(int degrees, double t)
    {
        Assert.Equal(t, StudentT.TwoSidedQuantile(0.05, degrees), 1e-4);
        Assert.Equal(0.05, StudentT.TwoSidedTail(-t, degrees), 1e-5);
    }

    [Fact]
    public void A_ratio_is_a_sum_over_a_sum()
    {
        // The mean of the ratios would be (1/1 + 1/9) / 2.
        Assert.Equal(2.0 / 10, ClusterBootstrap.Ratio([1, 1], [1, 9])!.Value, 1e-15);
        Assert.Null(ClusterBootstrap.Ratio([1, 1], [0, 0]));
    }

    [Fact]
    public void A_difference_of_ratios_with_one_denominator_is_the_ratio_of_the_differences()
    {
        Gen<(double Own, double Other, double Oracle)[]> gen = Gen.Choose(0, 1000).Three().Select(t => (t.Item1 / 10.0, t.Item2 / 10.0, 1 + t.Item3 / 10.0)).ArrayOf(6);
        Prop.ForAll(gen.ToArbitrary(), clusters =>
        {
            double[] own = [.. clusters.Select(c => c.Own)], other = [.. clusters.Select(c => c.Other)], oracle = [.. clusters.Select(c => c.Oracle)];
            var bootstrap = new ClusterBootstrap(6, 1, resamples: 200);
            PairedDifference one = PairedDifference.Of(bootstrap, own, other, oracle), two = PairedDifference.Of(bootstrap, (own, oracle), (other, oracle));
            Assert.Equal(one.Difference!.Value, two.Difference!.Value, 1e-9);
            Assert.Equal(one.Interval!.Value.Low, two.Interval!.Value.Low, 1e-9);
            Assert.Equal(one.Interval!.Value.High, two.Interval!.Value.High, 1e-9);
            PairedDifference turned = PairedDifference.Of(bootstrap, (other, oracle), (own, oracle));
            Assert.Equal(two.Interval!.Value.Low, -turned.Interval!.Value.High, 1e-12);
        }).Check(Checks.Config);
    }

    [Fact]
    public void Two_shares_of_different_oracles_by_hand()
    {
        PairedDifference loss = PairedDifference.Of(new ClusterBootstrap(1, 1, 200), ([6.0], [8.0]), ([2.0], [4.0]));
        Assert.Equal(new PairedDifference(0.25, null, null), loss);
        Assert.Null(PairedDifference.Of(new ClusterBootstrap(1, 1, 200), ([6.0], [8.0]), ([2.0], [0.0])).Difference);
        Assert.Throws<ArgumentException>(() => PairedDifference.Of(new ClusterBootstrap(2, 1, 200), ([6.0, 1], [8.0, 1]), ([2.0], [1.0])));
    }

    [Fact]
    public void Intervals_cover_the_truth_as_often_as_they_say()
    {
        // Ratios of sums over 16 clusters of unequal size, a skewed law, true ratio 0.8; 95 % +- three standard errors of 600 tries.
        const int Tries = 600, Clusters = 16;
        RandomStream draws = RandomStream.For(3, 0, 0, 0, DrawPurpose.Policy);
        int covered = 0, rejected = 0;
        long at = 0;
        for (int i = 0; i < Tries; i++)
        {
            double[] numerators = new double[Clusters], denominators = new double[Clusters];
            for (int c = 0; c < Clusters; c++)
            {
                denominators[c] = 50 + 50 * draws.Uniform(at++);
                numerators[c] = denominators[c] * (0.7 + 0.1 * draws.Exponential(at++));
            }

            var bootstrap = new ClusterBootstrap(Clusters, (ulong)i, resamples: 1000);
            Interval interval = bootstrap.IntervalOf(numerators, denominators)!.Value;
            if (interval.Low <= 0.8 && 0.8 <= interval.High) covered++;
            double[] centred = [.. numerators.Zip(denominators, (n, d) => n - 0.8 * d)];
            double p = bootstrap.PValueOf(centred, denominators)!.Value;
            Interval around = bootstrap.IntervalOf(centred, denominators)!.Value;
            // The interval ends at replicates: next to a rank's edge the two may differ by one replicate.
            if (Math.Abs(p - 0.05) > 0.01) Assert.Equal(p < 0.05, around.Low > 0 || around.High < 0);
            if (p < 0.05) rejected++;
        }

        Assert.InRange(covered / (double)Tries, 0.91, 0.98);
        Assert.InRange(rejected / (double)Tries, 0.02, 0.09);
    }

    [Fact]
    public void Draws_follow_from_the_seed_alone()
    {
        double[] numerators = [1, 2, 3, 4, 5], denominators = [2, 2, 3, 3, 4];
        Interval? first = new ClusterBootstrap(5, 7).IntervalOf(numerators, denominators);
        Assert.Equal(first, new ClusterBootstrap(5, 7).IntervalOf(numerators, denominators));
        Assert.NotEqual(first, new ClusterBootstrap(5, 8, 200).IntervalOf(numerators, denominators));
    }

    [Fact]
    public void A_single_period_has_no_interval()
    {
        var bootstrap = new ClusterBootstrap(1, 1);
        Assert.Null(bootstrap.IntervalOf([1], [2]));
        PairedDifference difference = PairedDifference.Of(bootstrap, [3], [1], [4]);
        Assert.Equal(0.5, difference.Difference);
        Assert.Null(difference.Interval);
        Assert.Null(difference.PValue);
    }

    [Fact]
    public void Clusters_without_an_oracle_do_not_break_the_interval()
    {
        Interval? interval = new ClusterBootstrap(3, 1).IntervalOf([0, 1, 1], [0, 2, 2]);
        Assert.Equal(new Interval(0.5, 0.5), interval);
        Assert.Null(new ClusterBootstrap(3, 1).IntervalOf([0, 0, 0], [0, 0, 0]));
    }

    [Fact]
    public void Pairs_cancel_what_both_share()
    {
        // Periods differ by a factor of four; the second policy is 2 points better in each.
        double[] oracle = [40, 10, 25, 30, 15, 35], worse = [.. oracle.Select(s => 0.8 * s)], better = [.. oracle.Select(s => 0.82 * s)];
        var bootstrap = new ClusterBootstrap(6, 1);
        PairedDifference difference = PairedDifference.Of(bootstrap, better, worse, oracle);
        Assert.Equal(0.02, difference.Difference!.Value, 1e-12);
        Assert.Equal(0.02, difference.Interval!.Value.Low, 1e-12);
        Assert.True(difference.PValue < 0.05);
        PairedDifference none = PairedDifference.Of(bootstrap, better, better, oracle);
        Assert.Equal((0, 1), (none.Difference, none.PValue));
        Assert.Equal(new Interval(0, 0), none.Interval);
    }

    [Fact]
    public void Adjusting_counts_comparisons_only()
    {
        var one = new PairedDifference(0.1, null, 0.02);
        var two = new PairedDifference(0.1, null, 0.04);
        IReadOnlyList<PairedDifference?> adjusted = PairedDifference.Adjusted([one, null, two]);
        Assert.Equal(0.04, adjusted[0]!.HolmPValue!.Value, 1e-12);
        Assert.Null(adjusted[1]);
        Assert.Equal(0.04, adjusted[2]!.HolmPValue!.Value, 1e-12);
    }
}
