using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Conversions;

/// <summary>What of the wins of a running day is due by now, given when conversions arrive.</summary>
public static class DayArrivals
{
    /// <summary>
    /// Predicted value of the day's wins whose conversions are not due yet: sum over steps of valueWon x (1 - mean share arrived), in units of value.
    /// Wins spread evenly over their step. Exactly 0 where conversions come at once.
    /// </summary>
    public static double Pending(DelayCurve curve, in TrajectoryView trajectory, DayBounds day, long nowTicks)
    {
        if (curve.IsAtOnce) return 0;
        double pending = 0;
        ReadOnlySpan<StepRow> rows = trajectory.Rows;
        for (int s = 0; s < rows.Length; s++)
            if (rows[s].ValueWon > 0) pending += rows[s].ValueWon * (1 - Mean(curve, nowTicks, StepClock.StepStart(day, s), StepClock.StepStart(day, s + 1)));

        if (rows.Length == StepClock.StepsPerDay || !(trajectory.Open.ValueWon > 0) || trajectory.Open.Elapsed >= 1) return pending;
        long start = StepClock.StepStart(day, rows.Length), end = Math.Min(StepClock.StepStart(day, rows.Length + 1), nowTicks);
        return pending + trajectory.Open.ValueWon * (1 - Mean(curve, nowTicks, start, end));
    }

    private static double Mean(DelayCurve curve, long now, long start, long end)
        => curve.MeanArrived(Minutes(now - end), Minutes(now - start));

    private static double Minutes(long ticks) => Math.Max(ticks, 0) / (double)TimeSpan.TicksPerMinute;
}
