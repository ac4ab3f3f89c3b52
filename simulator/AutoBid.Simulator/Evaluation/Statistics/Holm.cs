namespace AutoBid.Simulator.Evaluation.Statistics;

/// <summary>Holm's step-down correction: the chance of any false finding among the comparisons stays below the level.</summary>
public static class Holm
{
    /// <summary>Adjusted p-values in the order of the raw ones.</summary>
    public static double[] Adjust(ReadOnlySpan<double> pValues)
    {
        double[] raw = pValues.ToArray();
        int[] order = [.. Enumerable.Range(0, raw.Length).OrderBy(i => raw[i])];
        var adjusted = new double[raw.Length];
        double highest = 0;
        for (int rank = 0; rank < order.Length; rank++)
        {
            highest = Math.Max(highest, Math.Min(1, raw[order[rank]] * (raw.Length - rank)));
            adjusted[order[rank]] = highest;
        }

        return adjusted;
    }
}
