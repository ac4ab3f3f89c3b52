namespace AutoBid.Simulator.Evaluation.Statistics;

/// <summary>Sample quantiles, linear between neighbouring values.</summary>
internal static class Quantiles
{
    /// <param name="sorted">Ascending, at least one.</param>
    /// <param name="share">0 to 1.</param>
    public static double Of(IReadOnlyList<double> sorted, double share)
    {
        double at = share * (sorted.Count - 1);
        int low = Math.Min((int)at, sorted.Count - 1), high = Math.Min(low + 1, sorted.Count - 1);
        return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
    }
}
