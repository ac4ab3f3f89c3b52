using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Simulator.Curves;

namespace AutoBid.Simulator.Frozen;

/// <summary>
/// What any multiplier would have cost and brought one seat in each step of a played day, everybody else's bids fixed. Points are Core's 24 grid
/// multipliers with three more between neighbours; exports carry every fourth.
/// </summary>
public sealed class FrozenDay
{
    /// <summary>Points between two neighbours of Core's grid, the first one included.</summary>
    public const int Parts = 4;

    public const int Points = (ResponseGrid.Points - 1) * Parts + 1;

    private readonly float[] _cost = new float[StepClock.StepsPerDay * Points];
    private readonly float[] _value = new float[StepClock.StepsPerDay * Points];

    /// <summary>Multipliers of the points, ascending from 0.1 to 4.</summary>
    public static ReadOnlySpan<float> Multipliers => Grid.Points;

    /// <summary>Where a multiplier lies among the points, clamped to them; fractions are shares of a log step.</summary>
    public static double PositionOf(double multiplier)
        => Math.Clamp(Math.Log(multiplier / ResponseGrid.Lowest) / ResponseGrid.LogStep * Parts, 0, Points - 1);

    internal static LogGrid Grid { get; } = LogGrid.Multipliers(Parts);

    /// <summary>Expected cost of a step at each point, account currency.</summary>
    public ReadOnlySpan<float> Cost(int step) => _cost.AsSpan(step * Points, Points);

    /// <summary>Expected conversions of a step at each point.</summary>
    public ReadOnlySpan<float> Value(int step) => _value.AsSpan(step * Points, Points);

    internal void Set(int step, StepCurve curve)
    {
        for (int i = 0; i < Points; i++)
        {
            _cost[step * Points + i] = (float)curve.Cost[i];
            _value[step * Points + i] = (float)curve.Value[i];
        }
    }
}
