using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Evaluation.Statistics;

/// <summary>
/// Bootstrap of ratios of sums over clusters: whole clusters are drawn with replacement, and numerators and denominators are summed before they are
/// divided. Every statistic of one instance uses the same draws. Percentiles are widened for the number of clusters (the expanded percentile interval:
/// a normal tail becomes Student's, times sqrt(n / (n - 1))), because plain percentiles are too narrow for a dozen periods. Pure function of its seed.
/// </summary>
public sealed class ClusterBootstrap
{
    public const int StandardResamples = 10_000;

    private const double Outside = 0.05;

    private readonly int[] _draws;
    private readonly double _tail;

    /// <param name="clusters">At least 1; with one alone there is no interval.</param>
    /// <param name="seed">Of the draws.</param>
    public ClusterBootstrap(int clusters, ulong seed, int resamples = StandardResamples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clusters, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        Clusters = clusters;
        Resamples = resamples;
        if (clusters == 1)
        {
            _draws = [];
            return;
        }

        _draws = new int[resamples * clusters];
        RandomStream stream = RandomStream.For(seed, 0, 0, clusters, DrawPurpose.Bootstrap);
        for (int i = 0; i < _draws.Length; i++) _draws[i] = (int)(stream.Uniform(i) * clusters);
        double widest = StudentT.TwoSidedQuantile(Outside, clusters - 1) * Math.Sqrt(clusters / (clusters - 1.0));
        _tail = NormalDistribution.Cdf(-widest);
    }

    public int Clusters { get; }

    public int Resamples { get; }

    /// <summary>Sum of numerators / sum of denominators over all clusters; null where the denominators sum to nothing.</summary>
    public static double? Ratio(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators)
    {
        double above = 0, below = 0;
        foreach (double numerator in numerators) above += numerator;
        foreach (double denominator in denominators) below += denominator;
        return below > 0 ? above / below : null;
    }

    /// <summary>95 % interval of the ratio of sums; null for a single cluster or where nothing can be divided by.</summary>
    public Interval? IntervalOf(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators)
        => Replicates(numerators, denominators) is { Length: > 0 } sorted ? IntervalOf(sorted) : null;

    /// <summary>Two-sided p-value of "the ratio of sums is 0", consistent with the interval: below 0.05 just where the interval leaves out 0.</summary>
    public double? PValueOf(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators)
        => Replicates(numerators, denominators) is { Length: > 0 } sorted ? PValueOf(sorted) : null;

    /// <summary>The ratio of every resample, ascending; empty for a single cluster. Resamples that cannot be divided are left out.</summary>
    internal double[] Replicates(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators)
    {
        if (numerators.Length != Clusters || denominators.Length != Clusters) throw new ArgumentException("One number per cluster is needed.", nameof(numerators));
        if (_draws.Length == 0) return [];
        var ratios = new double[Resamples];
        int count = 0;
        for (int resample = 0; resample < Resamples; resample++)
        {
            double above = 0, below = 0;
            foreach (int cluster in _draws.AsSpan(resample * Clusters, Clusters))
            {
                above += numerators[cluster];
                below += denominators[cluster];
            }

            if (below > 0) ratios[count++] = above / below;
        }

        Array.Resize(ref ratios, count);
        Array.Sort(ratios);
        return ratios;
    }

    /// <summary>The difference of two ratios of sums in every resample, ascending, both on the same draws; empty for a single cluster.</summary>
    internal double[] Replicates(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators, ReadOnlySpan<double> lessNumerators, ReadOnlySpan<double> lessDenominators)
    {
        if (numerators.Length != Clusters || denominators.Length != Clusters || lessNumerators.Length != Clusters || lessDenominators.Length != Clusters)
            throw new ArgumentException("One number per cluster is needed.", nameof(numerators));
        if (_draws.Length == 0) return [];
        var differences = new double[Resamples];
        int count = 0;
        for (int resample = 0; resample < Resamples; resample++)
        {
            double above = 0, below = 0, lessAbove = 0, lessBelow = 0;
            foreach (int cluster in _draws.AsSpan(resample * Clusters, Clusters))
            {
                above += numerators[cluster];
                below += denominators[cluster];
                lessAbove += lessNumerators[cluster];
                lessBelow += lessDenominators[cluster];
            }

            if (below > 0 && lessBelow > 0) differences[count++] = above / below - lessAbove / lessBelow;
        }

        Array.Resize(ref differences, count);
        Array.Sort(differences);
        return differences;
    }

    internal Interval IntervalOf(double[] sorted)
    {
        // Rank r of B stands for probability r / (B + 1); beyond the outermost replicates nothing is known.
        int rank = (int)Math.Clamp(Math.Floor(_tail * (sorted.Length + 1)), 1, sorted.Length);
        return new Interval(sorted[rank - 1], sorted[^rank]);
    }

    internal double PValueOf(double[] sorted)
    {
        int atMost = 0, atLeast = 0;
        foreach (double ratio in sorted)
        {
            if (ratio <= 0) atMost++;
            if (ratio >= 0) atLeast++;
        }

        double tail = (Math.Min(atMost, atLeast) + 1.0) / (sorted.Length + 1);
        if (tail >= 0.5) return 1;
        double t = -NormalDistribution.Quantile(tail) * Math.Sqrt((Clusters - 1.0) / Clusters);
        return StudentT.TwoSidedTail(t, Clusters - 1);
    }
}
