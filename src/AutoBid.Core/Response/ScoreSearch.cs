namespace AutoBid.Core.Response;

/// <summary>The best multiplier of scored curves: the grid is scanned, never bisected, then searched more finely beside its best point.</summary>
internal static class ScoreSearch
{
    /// <summary>Parts into which the two grid intervals beside the best point are cut.</summary>
    private const int Parts = 8;

    /// <summary>The multiplier with the highest score; ties go to the lower one.</summary>
    public static double Best<T>(in T curves, out double best)
        where T : struct, IScoredCurves
    {
        best = double.NegativeInfinity;
        int at = curves.FirstPoint;
        for (int i = curves.FirstPoint; i <= curves.LastPoint; i++)
        {
            double score = curves.At(i, 0);
            if (score > best * (1 + 1e-12)) (best, at) = (score, i);
        }

        // The score has a kink where the money ends: on the grid alone a steep curve loses up to 1 % to it.
        double multiplier = DayForecast.Multipliers[at];
        for (int i = Math.Max(at - 1, curves.FirstPoint); i <= Math.Min(at, curves.LastPoint - 1); i++)
        {
            for (int k = 1 - curves.Samples; k < Parts; k++)
            {
                double part = k > 0 ? k / (double)Parts : curves.Kink(i, -k);
                if (part is not (> 0 and < 1)) continue;
                double score = curves.At(i, part);
                if (score > best * (1 + 1e-12)) (best, multiplier) = (score, Within(i, part));
            }
        }

        return multiplier;
    }

    /// <summary>The multiplier at part of the way from a point to the next one.</summary>
    public static double Within(int point, double part)
        => DayForecast.Multipliers[point] * Math.Pow(DayForecast.Multipliers[point + 1] / DayForecast.Multipliers[point], part);
}
