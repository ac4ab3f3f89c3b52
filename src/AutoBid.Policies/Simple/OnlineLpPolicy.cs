using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Simple;

/// <summary>
/// Online linear program (auction.md, Opponents): a table of price per value against cumulative cost, learned from earlier days, says up to which price
/// per value the opportunities of a step can be bought for the step's share of the remaining budget; the policy bids that, at most 1.5 times the target.
/// The table is the prior's curve, of one average opportunity; without a prior it is the mean of the seat's own kept curves. The budget is divided
/// over the rest of the day by volume, evenly where the day's shape is unknown. Pure and safe on any number of threads.
/// </summary>
public sealed class OnlineLpPolicy(double cap = OnlineLpPolicy.DefaultCap, string name = "online-lp") : IBidPolicy
{
    /// <summary>Largest multiplier: bids per value above it buy conversions dearer than the program allows.</summary>
    public const double DefaultCap = 1.5;

    private const double Flat = 1.0 / StepClock.StepsPerDay;

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
            decisions[i] = !ColdStart.Applies(input) && TryPlan(input, out double multiplier)
                ? new PolicyDecision { Multiplier = multiplier, IsDecided = double.IsFinite(multiplier) }
                : ColdStart.Decide(input);
        }
    }

    private bool TryPlan(in PolicyInput input, out double multiplier)
    {
        multiplier = 0;
        int step = input.Trajectory.Closed;
        if (step >= StepClock.StepsPerDay) return false;
        double rest = RestOfDay(input);
        if (!(rest > 0)) return false;
        double allowance = Math.Max(input.Budget - Spent(input), 0) / rest;
        double limit = Math.Min(input.HasTarget ? cap : input.MaxMultiplier, input.MaxMultiplier);
        if (input.Prior is { } prior)
        {
            multiplier = FromPrior(prior, input.Reference, allowance, limit);
        }
        else
        {
            Span<double> costs = stackalloc double[ResponseGrid.Points];
            if (!TryOwnTable(input, costs)) return false;
            multiplier = FromTable(costs, allowance, limit);
        }

        multiplier = Math.Clamp(multiplier, input.MinMultiplier, input.MaxMultiplier);
        return true;
    }

    /// <summary>Opportunities from the running step to the end of the day.</summary>
    private static double RestOfDay(in PolicyInput input)
    {
        PopulationPrior? prior = input.Prior;
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        double seen = 0, shareSeen = 0;
        for (int s = 0; s < rows.Length; s++)
        {
            seen += rows[s].Impressions;
            shareSeen += prior?.Shape[s] ?? Flat;
        }

        double day = prior is { OpportunitiesPerDay: > 0 } ? prior.OpportunitiesPerDay
            : shareSeen > 0 ? seen / shareSeen
            : input.CurrentImpressions / (prior?.Shape[0] ?? Flat);
        ref readonly StepRow open = ref input.Trajectory.Open;
        double elapsed = open.Elapsed is > 0 and < 1 ? open.Elapsed : 0;
        return day * (1 - shareSeen - elapsed * (prior?.Shape[rows.Length] ?? Flat));
    }

    private static double Spent(in PolicyInput input)
    {
        double spent = 0;
        foreach (ref readonly StepRow row in input.Trajectory.Rows) spent += row.Cost + row.LateCost;
        ref readonly StepRow open = ref input.Trajectory.Open;
        return open.Elapsed is > 0 and < 1 ? spent + open.Cost + open.LateCost : spent;
    }

    /// <summary>The largest multiplier whose mean cost per opportunity stays within the allowance.</summary>
    private static double FromPrior(PopulationPrior prior, double reference, double allowance, double limit)
    {
        double low = Math.Log(DayForecast.LowestMultiplier * reference), high = Math.Log(limit * reference);
        if (Cost(prior, high) <= allowance) return limit;
        if (Cost(prior, low) > allowance) return DayForecast.LowestMultiplier;
        // A prior's cost never falls with the bid, so halving finds the one place where the money ends.
        for (int i = 0; i < 40; i++)
        {
            double middle = 0.5 * (low + high);
            if (Cost(prior, middle) <= allowance) low = middle;
            else high = middle;
        }

        return Math.Exp(low) / reference;
    }

    private static double Cost(PopulationPrior prior, double logBid)
    {
        prior.At(logBid, 1, out double cost, out _);
        return cost;
    }

    /// <summary>Mean cost per opportunity at the grid multipliers over the kept curves, account currency; false without any.</summary>
    private static bool TryOwnTable(in PolicyInput input, Span<double> costs)
    {
        costs.Clear();
        double opportunities = 0;
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        for (int s = Math.Max(0, rows.Length - TrajectoryStore.DefaultCurvesKept); s < rows.Length; s++)
        {
            ref readonly StepRow row = ref rows[s];
            if (!(row.Impressions > 0) || !input.Trajectory.TryGetCurve(s, out ReadOnlySpan<Half> cost, out _)) continue;
            double covered = row.Coverage;
            opportunities += row.Impressions;
            for (int k = 0; k < costs.Length; k++) costs[k] += covered * (double)cost[k];
        }

        if (!(opportunities > 0)) return false;
        bool any = false;
        for (int k = 0; k < costs.Length; k++)
        {
            costs[k] *= input.Budget / opportunities;
            any |= double.IsFinite(costs[k]);
        }

        return any;
    }

    private static double FromTable(ReadOnlySpan<double> costs, double allowance, double limit)
    {
        // Points that some curve did not cover are not numbers: the table ends there.
        int last = -1, first = -1;
        for (int k = 0; k < costs.Length && ResponseGrid.Multipliers[k] <= limit; k++)
        {
            if (!double.IsFinite(costs[k])) continue;
            if (first < 0) first = k;
            if (costs[k] <= allowance) last = k;
        }

        if (first < 0) return limit;
        if (last < 0)
        {
            // Below the points cost falls with the square of the bid.
            return costs[first] > 0 ? ResponseGrid.Multipliers[first] * Math.Sqrt(allowance / costs[first]) : ResponseGrid.Multipliers[first];
        }

        if (last == costs.Length - 1 || !double.IsFinite(costs[last + 1])) return ResponseGrid.Multipliers[last];
        // The next point could be paid for, and only the limit forbids it.
        if (costs[last + 1] <= allowance) return limit;
        double part = (allowance - costs[last]) / (costs[last + 1] - costs[last]);
        return Math.Min(limit, ResponseGrid.Multipliers[last] * Math.Exp(part * ResponseGrid.LogStep));
    }
}
