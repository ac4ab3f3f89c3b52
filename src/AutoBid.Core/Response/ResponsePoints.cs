namespace AutoBid.Core.Response;

/// <summary>Checks and monotone resampling of response curves given as points (2 to 64 in the API).</summary>
public static class ResponsePoints
{
    public const int Fewest = 2;
    public const int Most = 64;

    /// <summary>Largest quantity that is believed, of a point as of a step: products of two stay inside a float.</summary>
    public const double Largest = 1e15;

    /// <summary>Null when the points can be used, else what is wrong with them.</summary>
    public static string? Check(ReadOnlySpan<double> bidPerValue, ReadOnlySpan<double> cost, ReadOnlySpan<double> value)
    {
        if (bidPerValue.Length is < Fewest or > Most) return $"a response curve needs {Fewest} to {Most} points";
        if (cost.Length != bidPerValue.Length || value.Length != bidPerValue.Length) return "bidPerValue, cost and value must have the same length";
        for (int i = 0; i < bidPerValue.Length; i++)
        {
            if (!(bidPerValue[i] > 0 && bidPerValue[i] <= Largest)) return "bidPerValue must be above 0, at most 1e15";
            if (i > 0 && bidPerValue[i] <= bidPerValue[i - 1]) return "bidPerValue must ascend";
            if (!(cost[i] >= 0 && cost[i] <= Largest)) return "cost must lie between 0 and 1e15";
            if (!(value[i] >= 0 && value[i] <= Largest)) return "value must lie between 0 and 1e15";
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

    /// <summary>
    /// Resamples a step's curve, given as points per bid per value, to the 24 grid multipliers: cost / budget and value x reference / budget.
    /// Grid points more than one grid step outside the given points become NaN: a forecast goes on there as the prior or not at all.
    /// </summary>
    /// <param name="bidPerValue">Points that passed <see cref="Check"/>, account currency per unit of value.</param>
    /// <param name="cost">Cost of the step at each point, account currency.</param>
    /// <param name="value">Value won in the step at each point.</param>
    /// <param name="reference">Account currency per unit of value: multiplier 1.</param>
    /// <param name="budget">Daily budget, account currency.</param>
    /// <param name="gridCost">Length 24.</param>
    /// <param name="gridValue">Length 24.</param>
    public static void ResampleToGrid(
        ReadOnlySpan<double> bidPerValue, ReadOnlySpan<double> cost, ReadOnlySpan<double> value, double reference, double budget,
        Span<float> gridCost, Span<float> gridValue)
    {
        Span<double> costs = stackalloc double[ResponseGrid.Points], values = stackalloc double[ResponseGrid.Points];
        double logReference = Math.Log(reference);
        Resample(bidPerValue, cost, logReference + ResponseGrid.Logs[0], ResponseGrid.LogStep, costs);
        Resample(bidPerValue, value, logReference + ResponseGrid.Logs[0], ResponseGrid.LogStep, values);
        double first = Math.Log(bidPerValue[0]) - logReference, last = Math.Log(bidPerValue[^1]) - logReference;
        for (int i = 0; i < ResponseGrid.Points; i++)
        {
            double log = ResponseGrid.Logs[i];
            bool near = log > first - ResponseGrid.LogStep && log < last + ResponseGrid.LogStep;
            // Below the first point cost falls with the square of the bid (price and win rate), value with the bid.
            double fall = Math.Exp(Math.Min(log - first, 0));
            gridCost[i] = near ? (float)(costs[i] * fall * fall / budget) : float.NaN;
            gridValue[i] = near ? (float)(values[i] * fall * reference / budget) : float.NaN;
        }
    }
}
