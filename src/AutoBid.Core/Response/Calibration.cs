using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>Shrunk ratios realised / predicted over the closed steps, from each step's own curve at the multiplier that was executed.</summary>
internal readonly record struct Calibration(double Cost, double Value)
{
    public static Calibration Of(in ForecastInput input)
    {
        double realCost = 0, realValue = 0, predictedCost = 0, predictedValue = 0;
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        for (int s = 0; s < rows.Length; s++)
        {
            ref readonly StepRow row = ref rows[s];
            if (row.Impressions <= 0 || row.Multiplier <= 0 || !input.Trajectory.TryGetCurve(s, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value)) continue;
            double at = (Math.Log(row.Multiplier) - ResponseGrid.Logs[0]) / ResponseGrid.LogStep;
            // Below the grid cost falls with the square of the bid, value with the bid.
            double fall = Math.Exp(Math.Min(at, 0) * ResponseGrid.LogStep);
            at = Math.Clamp(at, 0, ResponseGrid.Points - 1);
            int i = Math.Min((int)at, ResponseGrid.Points - 2);
            double part = at - i;
            double stepCost = (double)cost[i] + part * ((double)cost[i + 1] - (double)cost[i]);
            double stepValue = (double)value[i] + part * ((double)value[i + 1] - (double)value[i]);
            if (!double.IsFinite(stepCost) || !double.IsFinite(stepValue)) continue;
            double covered = row.Coverage;
            predictedCost += covered * stepCost * fall * fall;
            predictedValue += covered * stepValue * fall;
            // Late spend belongs to closed steps: without it slow bills would read as a cheap market.
            realCost += (row.Cost + row.LateCost) / input.Budget;
            realValue += row.ValueWon * input.Reference / input.Budget;
        }

        const double Shrink = 0.05;
        return new Calibration(
            Math.Clamp((realCost + Shrink) / (predictedCost + Shrink), 0.25, 4), Math.Clamp((realValue + Shrink) / (predictedValue + Shrink), 0.25, 4));
    }
}
