namespace AutoBid.Cli.Exchange;

/// <summary>Percentiles of a set of latencies, milliseconds; nearest rank.</summary>
/// <param name="Count">0: nothing was measured, and every figure is 0.</param>
/// <param name="P999Ms">Null where it is not known.</param>
internal sealed record LatencySummary(long Count, double P50Ms, double P90Ms, double P99Ms, double MaxMs, double? P999Ms = null)
{
    public static LatencySummary Empty { get; } = new(0, 0, 0, 0, 0);

    /// <param name="milliseconds">In any order; the span is sorted in place.</param>
    public static LatencySummary Of(Span<double> milliseconds)
    {
        if (milliseconds.IsEmpty) return Empty;
        milliseconds.Sort();
        return new LatencySummary(milliseconds.Length, Rank(milliseconds, 0.5), Rank(milliseconds, 0.9), Rank(milliseconds, 0.99), milliseconds[^1], Rank(milliseconds, 0.999));
    }

    private static double Rank(ReadOnlySpan<double> sorted, double share)
        => sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
}
