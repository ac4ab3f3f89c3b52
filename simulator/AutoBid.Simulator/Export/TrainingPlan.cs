using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Export;

/// <summary>Which periods a training set holds: periods and line-ups of the three splits never overlap.</summary>
public sealed record TrainingPlan
{
    public required ulong Seed { get; init; }

    public int TrainPeriods { get; init; } = 160;

    public int ValidationPeriods { get; init; } = 16;

    public int TestPeriods { get; init; } = 16;

    /// <summary>Line-ups of the training split; validation and test use two and four of their own.</summary>
    public int TrainLineUps { get; init; } = 8;

    public int ValidationLineUps { get; init; } = 2;

    public int TestLineUps { get; init; } = 4;

    public TrafficOptions Traffic { get; init; } = TrafficOptions.FinalRound;

    public TrainingMix Mix { get; init; } = new();

    /// <summary>The periods in playing order. The first period is <paramref name="firstPeriod"/>, so that priors can come from earlier ones.</summary>
    public IReadOnlyList<PlannedPeriod> Periods(LineUpFactory factory, int firstPeriod = 0)
    {
        var plan = new List<PlannedPeriod>();
        void Add(DataSplit split, int periods, int firstLineUp, int lineUps)
        {
            for (int i = 0; i < periods; i++)
            {
                int period = firstPeriod + plan.Count;
                plan.Add(new PlannedPeriod(
                    new PeriodSetup { Seed = Seed, Period = period, LineUp = factory.Training(firstLineUp + i % lineUps, period, Mix), Traffic = Traffic }, split));
            }
        }

        Add(DataSplit.Train, TrainPeriods, 0, TrainLineUps);
        Add(DataSplit.Validation, ValidationPeriods, TrainLineUps, ValidationLineUps);
        Add(DataSplit.Test, TestPeriods, TrainLineUps + ValidationLineUps, TestLineUps);
        return plan;
    }
}
