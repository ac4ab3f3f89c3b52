using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>What a day has brought until now, the running step included; account currency.</summary>
/// <param name="Spent">Spent so far, late arrivals included.</param>
/// <param name="Value">Expected value won so far x reference.</param>
/// <param name="Left">Budget not yet spent, at least 0.</param>
internal readonly record struct DaySoFar(double Spent, double Value, double Left)
{
    public static DaySoFar Of(in ForecastInput input)
    {
        double spent = 0, value = 0;
        foreach (ref readonly StepRow row in input.Trajectory.Rows)
        {
            spent += row.Cost + row.LateCost;
            value += row.ValueWon;
        }

        if (input.Trajectory.Closed < StepClock.StepsPerDay)
        {
            ref readonly StepRow open = ref input.Trajectory.Open;
            if (open.Elapsed < 1)
            {
                spent += open.Cost + open.LateCost;
                value += open.ValueWon;
            }
        }

        return new DaySoFar(spent, value * input.Reference, Math.Max(input.Budget - spent, 0));
    }
}
