using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>
/// Shrunk ratios realised / predicted over closed steps, from each step's own curve at the multiplier that was executed. Added up in the order of the
/// steps, so that the ratios as of every earlier step are met on the way to the last, to the bit.
/// </summary>
internal struct Calibration
{
    private const double Shrink = 0.05;

    private double _realCost, _realValue, _predictedCost, _predictedValue;

    /// <summary>Realised / predicted cost, 0.25 to 4.</summary>
    public readonly double CostRatio => Math.Clamp((_realCost + Shrink) / (_predictedCost + Shrink), 0.25, 4);

    /// <summary>Realised / predicted value, 0.25 to 4.</summary>
    public readonly double ValueRatio => Math.Clamp((_realValue + Shrink) / (_predictedValue + Shrink), 0.25, 4);

    /// <summary>Of all closed steps.</summary>
    public static Calibration Of(in ForecastInput input)
    {
        var all = new Calibration();
        for (int step = 0; step < input.Trajectory.Closed; step++) all.Add(input, step);
        return all;
    }

    /// <summary>A closed step: one without a curve, or whose curve is no longer kept, says nothing.</summary>
    public void Add(in ForecastInput input, int step)
    {
        ref readonly StepRow row = ref input.Trajectory.Rows[step];
        if (row.Impressions <= 0 || row.Multiplier <= 0 || !input.Trajectory.TryGetCurve(step, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value)) return;
        double at = (Math.Log(row.Multiplier) - ResponseGrid.Logs[0]) / ResponseGrid.LogStep;
        // Below the grid cost falls with the square of the bid, value with the bid.
        double fall = Math.Exp(Math.Min(at, 0) * ResponseGrid.LogStep);
        at = Math.Clamp(at, 0, ResponseGrid.Points - 1);
        int i = Math.Min((int)at, ResponseGrid.Points - 2);
        double part = at - i;
        double stepCost = (double)cost[i] + part * ((double)cost[i + 1] - (double)cost[i]);
        double stepValue = (double)value[i] + part * ((double)value[i + 1] - (double)value[i]);
        if (!double.IsFinite(stepCost) || !double.IsFinite(stepValue)) return;
        double covered = row.Coverage;
        _predictedCost += covered * stepCost * fall * fall;
        _predictedValue += covered * stepValue * fall;
        // Late spend belongs to closed steps: without it slow bills would read as a cheap market.
        _realCost += (row.Cost + row.LateCost) / input.Budget;
        _realValue += row.ValueWon * input.Reference / input.Budget;
    }
}
