using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Simple;

/// <summary>
/// Feedback on cost per value and on pacing: multiplier x (1 + adjustment), a factor in [0.5, 2] per step, from the account's constant.
/// Pure: integral and derivative are recomputed from the rows, the executed multiplier of the last row is the controller's memory.
/// </summary>
public sealed class PidPolicy(PidOptions options, string name = "pid") : IBidPolicy
{
    private const double LeastFactor = 0.5;
    private const double LargestFactor = 2;

    public PidPolicy()
        : this(new PidOptions())
    {
    }

    public string Name => name;

    public string Model => name;

    public bool IsThreadSafe => true;

    public PolicyCadence Cadence => PolicyCadence.EveryTick;

    public bool DecidesFromPrior => true;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        for (int i = 0; i < inputs.Length; i++)
        {
            ref readonly PolicyInput input = ref inputs[i];
            if (!options.ProjectedSpendOnly && ColdStart.Applies(input))
            {
                decisions[i] = ColdStart.Decide(input);
                continue;
            }

            double multiplier = Next(input);
            decisions[i] = new PolicyDecision { Multiplier = multiplier, IsDecided = double.IsFinite(multiplier) };
        }
    }

    /// <summary>The multiplier executed in the last closed step (before any, the start value), adjusted; inside the campaign's range, NaN when the trajectory holds no usable numbers.</summary>
    public double Next(in PolicyInput input)
    {
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        double from = LastExecuted(rows);
        if (!(from > 0)) from = options.StartBidPerValue > 0 ? options.StartBidPerValue / input.Reference : ColdStart.Constant(input);
        double factor = rows.IsEmpty ? 1 : options.ProjectedSpendOnly ? ProjectedSpendFactor(input) : FeedbackFactor(input);
        return Math.Clamp(from * factor, input.MinMultiplier, input.MaxMultiplier);
    }

    private double FeedbackFactor(in PolicyInput input)
    {
        double spent = 0, won = 0, share = 0, integral = 0, error = 0, before = 0;
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        for (int s = 0; s < rows.Length; s++)
        {
            ref readonly StepRow row = ref rows[s];
            spent += row.Cost + row.LateCost;
            won += row.ValueWon * input.Reference;
            share += Share(input, s);
            before = s == 0 ? 0 : error;
            error = Error(input, spent, won, share);
            // Anti-windup: an error that the range kept the controller from answering is not held against it later.
            bool saturated = error > 0 ? row.Multiplier <= input.MinMultiplier * 1.0001 : row.Multiplier >= input.MaxMultiplier * 0.9999;
            integral *= options.IntegralKept;
            if (!saturated) integral = Math.Clamp(integral + error, -options.IntegralLimit, options.IntegralLimit);
        }

        if (rows.Length < StepClock.StepsPerDay && input.Trajectory.Open is { Elapsed: > 0 and < 1 } open)
        {
            before = error;
            spent += open.Cost + open.LateCost;
            won += open.ValueWon * input.Reference;
            share += Share(input, rows.Length) * open.Elapsed;
            error = Error(input, spent, won, share);
        }

        double adjustment = -(options.Proportional * error + options.Integral * integral + options.Derivative * (error - before));
        return Math.Clamp(1 + adjustment, LeastFactor, LargestFactor);
    }

    /// <summary>Above 0: bid less. TargetFirst follows whichever of the two asks for less; SpendFirst paces and is only slowed by a missed target.</summary>
    private double Error(in PolicyInput input, double spent, double won, double share)
    {
        double expected = share * input.Budget;
        double pacing = Math.Clamp((spent - expected) / (expected + input.Budget / StepClock.StepsPerDay), -1, 2);
        if (!input.HasTarget) return pacing;
        // Both sides carry a fifth of a conversion: before the first one (cpa - C) / C has no meaning.
        double prior = input.Objective == Objective.TargetRoas ? 0.2 * input.Budget / StepClock.StepsPerDay : 0.2 * input.Reference;
        double target = Math.Clamp((spent + prior) / (won + prior) - 1, -1, 2);
        return input.Mode == PacingMode.TargetFirst ? Math.Max(target, pacing) : pacing + options.PenaltyWeight * Math.Max(target, 0);
    }

    private static double ProjectedSpendFactor(in PolicyInput input)
    {
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        double spent = 0;
        foreach (ref readonly StepRow row in rows) spent += row.Cost + row.LateCost;
        double left = input.Budget - spent;
        if (!(left > 0)) return 1;
        double projected = rows[^1].Cost * (StepClock.StepsPerDay - rows.Length);
        return projected < 0.7 * left ? 1.2 : projected > 1.1 * left ? 0.7 : 1;
    }

    private static double Share(in PolicyInput input, int step) => input.Prior?.Shape[step] ?? 1.0 / StepClock.StepsPerDay;

    private static double LastExecuted(ReadOnlySpan<StepRow> rows)
    {
        for (int s = rows.Length - 1; s >= 0; s--)
        {
            if (rows[s].Multiplier > 0) return rows[s].Multiplier;
        }

        return 0;
    }
}
