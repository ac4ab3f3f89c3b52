namespace AutoBid.Simulator.Evaluation.Statistics;

/// <summary>Share of S* of one policy minus that of another on the same keys (policies.md section 1): common random numbers cancel in it.</summary>
/// <param name="Difference">Sum of score differences / sum of S*; null where S* sums to nothing.</param>
/// <param name="Interval">95 %, clustered by period; null for a single period.</param>
/// <param name="PValue">Two-sided, of "no difference"; null for a single period.</param>
/// <param name="HolmPValue">The same, adjusted over the comparisons of its table; null before.</param>
public sealed record PairedDifference(double? Difference, Interval? Interval, double? PValue, double? HolmPValue = null)
{
    /// <param name="own">Sum of scores per cluster.</param>
    /// <param name="other">The same of the policy compared with.</param>
    /// <param name="oracle">Sum of S* per cluster, equal for both.</param>
    public static PairedDifference Of(ClusterBootstrap bootstrap, ReadOnlySpan<double> own, ReadOnlySpan<double> other, ReadOnlySpan<double> oracle)
    {
        if (own.Length != other.Length) throw new ArgumentException("Pairs need as many sums on both sides.", nameof(other));
        var differences = new double[own.Length];
        for (int i = 0; i < differences.Length; i++) differences[i] = own[i] - other[i];
        double[] replicates = bootstrap.Replicates(differences, oracle);
        return new PairedDifference(
            ClusterBootstrap.Ratio(differences, oracle),
            replicates.Length > 0 ? bootstrap.IntervalOf(replicates) : null,
            replicates.Length > 0 ? bootstrap.PValueOf(replicates) : null);
    }

    /// <summary>The same where the two stand against different oracles, as under a shift: each has its own share, on the same seats and days.</summary>
    /// <param name="own">Sum of scores and of S* per cluster.</param>
    /// <param name="other">The same of what it is compared with.</param>
    public static PairedDifference Of(ClusterBootstrap bootstrap, (double[] Scores, double[] Oracle) own, (double[] Scores, double[] Oracle) other)
    {
        double[] replicates = bootstrap.Replicates(own.Scores, own.Oracle, other.Scores, other.Oracle);
        return new PairedDifference(
            ClusterBootstrap.Ratio(own.Scores, own.Oracle) - ClusterBootstrap.Ratio(other.Scores, other.Oracle),
            replicates.Length > 0 ? bootstrap.IntervalOf(replicates) : null,
            replicates.Length > 0 ? bootstrap.PValueOf(replicates) : null);
    }

    /// <summary>Fills in <see cref="HolmPValue"/> over these comparisons; nulls (the baseline itself) are passed on and not counted.</summary>
    public static IReadOnlyList<PairedDifference?> Adjusted(IReadOnlyList<PairedDifference?> differences)
    {
        double[] raw = [.. differences.Where(d => d?.PValue is not null).Select(d => d!.PValue!.Value)];
        double[] adjusted = Holm.Adjust(raw);
        int at = 0;
        return [.. differences.Select(d => d?.PValue is null ? d : d with { HolmPValue = adjusted[at++] })];
    }
}
