using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Simulator.Evaluation.Statistics;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Evaluation;

/// <summary>Collects the seats of one policy, budget factor and mode, in any order, into a <see cref="PolicyOutcome"/>.</summary>
internal sealed class OutcomeBuilder(string policy, double budgetFactor, PacingMode mode, int seats, double smallestBudget)
{
    private readonly SeatStep[][] _steps = new SeatStep[seats][];
    private readonly Seat[] _money = new Seat[seats];

    public void Add(int seat, Seat money, ReadOnlySpan<SeatStep> steps)
    {
        _money[seat] = money;
        _steps[seat] = steps.ToArray();
    }

    public PolicyOutcome Build()
    {
        var outcome = new PolicyOutcome
        {
            Policy = policy,
            BudgetFactor = budgetFactor,
            Mode = mode,
            Cost = new double[seats],
            Value = new double[seats],
            Conversions = new int[seats],
            Expected = new double[seats],
            Realised = new double[seats],
            SpendShare = new double[StepClock.StepsPerDay],
            ValueShare = new double[StepClock.StepsPerDay],
            MultiplierP10 = new double[StepClock.StepsPerDay],
            MultiplierP50 = new double[StepClock.StepsPerDay],
            MultiplierP90 = new double[StepClock.StepsPerDay],
        };
        for (int step = 0; step < StepClock.StepsPerDay; step++) AddStep(outcome, step);
        for (int seat = 0; seat < seats; seat++)
        {
            outcome.Expected[seat] = Score.Of(outcome.Value[seat], outcome.Cost[seat], _money[seat].TargetCpa);
            outcome.Realised[seat] = Score.Of(outcome.Conversions[seat], outcome.Cost[seat], _money[seat].TargetCpa);
        }

        return outcome;
    }

    private void AddStep(PolicyOutcome outcome, int step)
    {
        var multipliers = new List<double>(seats);
        double spend = 0, value = 0;
        for (int seat = 0; seat < seats; seat++)
        {
            ref readonly SeatStep row = ref _steps[seat][step];
            outcome.Cost[seat] += row.Cost;
            outcome.Value[seat] += row.ValueWon;
            outcome.Conversions[seat] += row.Conversions;
            spend += outcome.Cost[seat] / _money[seat].Budget;
            value += outcome.Value[seat] * _money[seat].TargetCpa / _money[seat].Budget;
            if (row.LeftBefore >= smallestBudget) multipliers.Add(row.Multiplier);
        }

        if (multipliers.Count == 0) multipliers.AddRange(_steps.Select(day => day[step].Multiplier));
        multipliers.Sort();
        // Means and percentiles are for charts: six digits keep the files small.
        outcome.SpendShare[step] = Math.Round(spend / seats, 6);
        outcome.ValueShare[step] = Math.Round(value / seats, 6);
        outcome.MultiplierP10[step] = Math.Round(Quantiles.Of(multipliers, 0.1), 6);
        outcome.MultiplierP50[step] = Math.Round(Quantiles.Of(multipliers, 0.5), 6);
        outcome.MultiplierP90[step] = Math.Round(Quantiles.Of(multipliers, 0.9), 6);
    }
}
