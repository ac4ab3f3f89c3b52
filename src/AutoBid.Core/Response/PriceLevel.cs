using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>
/// How much dearer than its prior a day is: the shift, in log bid, that lays the prior over the response curves of the closed steps. A prior is made
/// of earlier days; when all budgets change, prices follow them and a prior at yesterday's prices misjudges the whole rest of the day.
/// </summary>
internal static class PriceLevel
{
    /// <summary>
    /// Evidence worth as much as the assumption that nothing changed, in days x slope of the share won against log bid. Prices also move within a day:
    /// a morning must not count as the level of the evening. Fitted on validation periods (docs/calibration.md).
    /// </summary>
    private const double Shrink = 1.25;

    /// <summary>Share of the value below and above which a curve is too flat, or too far from the bids that count, to tell its place.</summary>
    private const double LeastShare = 0.05;
    private const double LargestShare = 0.9;

    /// <summary>Log distance over which the prior's slope is taken.</summary>
    private const double SlopeStep = 0.1;

    /// <summary>Grid multipliers outside 0.26 to 2.1 are hardly ever bid.</summary>
    private const int FirstPoint = 6;
    private const int LastPoint = 19;

    /// <summary>Log of the day's prices relative to the prior's; 0 before the first curve. At most +-1.</summary>
    public static double Log(in ForecastInput input, PopulationPrior prior)
    {
        double sum = 0, weights = 0;
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        double day = Day(rows, prior);
        if (!(day > 0)) return 0;
        for (int s = 0; s < rows.Length; s++) Add(input, prior, s, rows[s].Impressions / day, ref sum, ref weights);

        return sum / (weights + Shrink);
    }

    /// <summary>One closed step's own estimate, neither weighed nor shrunk: log, at most +-1; NaN where its curve does not tell.</summary>
    public static double OfStep(in ForecastInput input, PopulationPrior prior, int step)
    {
        double sum = 0, weights = 0;
        Add(input, prior, step, 1, ref sum, ref weights);
        return weights > 0 ? sum / weights : double.NaN;
    }

    /// <summary>Adds the shifts that one step's curve asks for at its points, each weighed by the slope there x <paramref name="weight"/>.</summary>
    private static void Add(in ForecastInput input, PopulationPrior prior, int step, double weight, ref double sum, ref double weights)
    {
        ref readonly StepRow row = ref input.Trajectory.Rows[step];
        if (!(row.Impressions > 0) || !(row.SumValue > 0) || !input.Trajectory.TryGetCurve(step, out _, out ReadOnlySpan<Half> curve)) return;
        // The level at which the forecast reads the prior, of revenue too: what is said here besides it is price alone.
        double level = row.MeanValue / prior.MeanValue;
        double shift = Math.Log(input.Reference * level);
        double all = row.SumValue * input.Reference / input.Budget;
        double covered = row.Coverage;
        for (int k = FirstPoint; k <= LastPoint; k++)
        {
            double share = covered * (double)curve[k] / all;
            if (!(share > LeastShare && share < LargestShare)) continue;
            prior.AtLog(shift + ResponseGrid.Logs[k], out _, out double here);
            prior.AtLog(shift + ResponseGrid.Logs[k] + SlopeStep, out _, out double next);
            double slope = (next - here) / prior.MeanValue / SlopeStep;
            if (!(slope > 0)) continue;
            double counts = weight * slope;
            sum += counts * Math.Clamp((here / prior.MeanValue - share) / slope, -1, 1);
            weights += counts;
        }
    }

    internal static double Day(ReadOnlySpan<StepRow> rows, PopulationPrior prior)
    {
        if (prior.OpportunitiesPerDay > 0) return prior.OpportunitiesPerDay;
        double seen = 0, share = 0;
        for (int s = 0; s < rows.Length; s++)
        {
            seen += rows[s].Impressions;
            share += prior.Shape[s];
        }

        return share > 0 ? seen / share : 0;
    }
}
