using AutoBid.Core.Time;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Periods;

/// <summary>A played period: the aggregate of every seat and step.</summary>
public sealed class PeriodResult
{
    private readonly SeatStep[] _steps;

    internal PeriodResult(PeriodSetup setup)
    {
        Setup = setup;
        Seats = setup.LineUp.Agents.Count;
        _steps = new SeatStep[Seats * StepClock.StepsPerDay];
    }

    public PeriodSetup Setup { get; }

    public int Seats { get; }

    /// <summary>Auctions run again because a budget did not carry them.</summary>
    public int Reruns { get; internal set; }

    /// <summary>Per step: mean of the log's leastWinningCost (4th highest bid, own bids included, at least the reserve).</summary>
    public double[] MeanLeastWinningCost { get; } = new double[StepClock.StepsPerDay];

    public Seat SeatOf(int seat) => Setup.LineUp.Agents[seat].Seat;

    /// <summary>The 48 steps of one seat.</summary>
    public ReadOnlySpan<SeatStep> Steps(int seat) => _steps.AsSpan(seat * StepClock.StepsPerDay, StepClock.StepsPerDay);

    /// <summary>48 steps a seat.</summary>
    internal SeatStep[] Rows => _steps;

    /// <summary>Spend of the period, account currency.</summary>
    public double Cost(int seat)
    {
        double sum = 0;
        foreach (ref readonly SeatStep step in Steps(seat)) sum += step.Cost;
        return sum;
    }

    /// <summary>Expected conversions of the period.</summary>
    public double ValueWon(int seat)
    {
        double sum = 0;
        foreach (ref readonly SeatStep step in Steps(seat)) sum += step.ValueWon;
        return sum;
    }

    /// <summary>Realised conversions of the period.</summary>
    public int Conversions(int seat)
    {
        int sum = 0;
        foreach (ref readonly SeatStep step in Steps(seat)) sum += step.Conversions;
        return sum;
    }
}
