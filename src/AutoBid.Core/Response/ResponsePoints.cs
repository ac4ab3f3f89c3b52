namespace AutoBid.Core.Response;

/// <summary>Checks and monotone resampling of response curves given as points (2 to 64 in the API).</summary>
public static class ResponsePoints
{
    public const int Fewest = 2;
    public const int Most = 64;

    /// <summary>Null when the points can be used, else what is wrong with them.</summary>
    public static string? Check(ReadOnlySpan<double> bidPerValue, ReadOnlySpan<double> cost, ReadOnlySpan<double> value)
    {
        if (bidPerValue.Length is < Fewest or > Most) return $"a response curve needs {Fewest} to {Most} points";
        if (cost.Length != bidPerValue.Length || value.Length != bidPerValue.Length) return "bidPerValue, cost and value must have the same length";
        for (int i = 0; i < bidPerValue.Length; i++)
        {
            if (!(bidPerValue[i] > 0) || !double.IsFinite(bidPerValue[i])) return "bidPerValue must be above 0";
            if (i > 0 && bidPerValue[i] <= bidPerValue[i - 1]) return "bidPerValue must ascend";
            if (!(cost[i] >= 0) || !double.IsFinite(cost[i])) return "cost must not be negative";
            if (!(value[i] >= 0) || !double.IsFinite(value[i])) return "value must not be negative";
        }

        return null;
    }

    /// <summary>
    /// Samples y at equally spaced logarithms of x, linear in log x. A sample never lies below the one before it: cost and value cannot fall
    /// with the bid, so a point that does is noise.
    /// </summary>
    public static void Resample(ReadOnlySpan<double> x, ReadOnlySpan<double> y, double logFirst, double logStep, Span<double> into)
    {
        int k = 0;
        double highest = 0;
        for (int i = 0; i < into.Length; i++)
        {
            double log = logFirst + i * logStep;
            while (k < x.Length - 2 && Math.Log(x[k + 1]) <= log) k++;
            double left = Math.Log(x[k]), right = Math.Log(x[k + 1]);
            double part = Math.Clamp((log - left) / (right - left), 0, 1);
            highest = Math.Max(highest, y[k] + part * (y[k + 1] - y[k]));
            into[i] = highest;
        }
    }
}
