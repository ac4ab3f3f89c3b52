using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Evaluation;

/// <summary>
/// Plays one period of an evaluation. Traffic and rivals of a base period are made once per mode and serve S* and, on the frozen path, every seat, policy
/// and budget; on the full path each policy, budget and group of seats plays the day again.
/// </summary>
/// <param name="threads">Threads inside a period; results do not depend on them.</param>
/// <param name="watch">Looks on while periods are played; the number is what the pass is worth, in days without candidates.</param>
internal sealed class PeriodPlayer(EvaluationMarket market, int threads, Func<double, IPeriodObserver> watch)
{
    /// <summary>Time of a candidate on frozen rivals against that of a day; progress only.</summary>
    private const double CandidateWork = 0.03;

    /// <summary>Time of an earlier day that a prior is made from; progress only.</summary>
    private const double DayBeforeWork = 2;

    private readonly AuctionNetPeriod _player = new(threads);
    private readonly FrozenRivals _rivals = new();

    private EvaluationPlan Plan => market.Plan;

    /// <summary>Days without candidates that a period's path takes about as long as.</summary>
    public double WorkOf(EvaluationPath path, bool oraclesKnown) => Plan.Modes.Count * ((Plan.PriorOfDayBefore ? DayBeforeWork : 0) + (path == EvaluationPath.Frozen
        ? BaseWork(Plan.Policies.Count * Plan.BudgetFactors.Count * Plan.Seats)
        : (oraclesKnown ? 0 : BaseWork(0)) + Plan.Policies.Count * Plan.BudgetFactors.Count * (Plan.Seats / Plan.SeatsTogether)));

    public PeriodOutcome Frozen(int index)
    {
        var oracles = new List<OracleOutcome>();
        var outcomes = new List<PolicyOutcome>();
        int[] opportunities = [];
        foreach (PacingMode mode in Plan.Modes)
        {
            BasePeriod period = Base(index, mode);
            PeriodSetup setup = period.Setup;
            (EvaluatedPolicy Policy, double Budget)[] pairs = [.. Plan.Policies.SelectMany(policy => Plan.BudgetFactors.Select(budget => (policy, budget)))];
            FrozenEntry[] entries =
            [
                .. pairs.SelectMany(pair => Enumerable.Range(0, Plan.Seats).Select(seat => new FrozenEntry(seat, market.Candidate(period, seat, pair.Policy, pair.Budget)))),
            ];
            var replay = new FrozenReplay(entries, setup.Guard);
            PeriodResult result = _player.Play(setup, _rivals, replay, watch(BaseWork(entries.Length)));
            opportunities = OpportunitiesOf(result);
            oracles.AddRange(Oracles(period, mode));
            for (int i = 0; i < pairs.Length; i++)
            {
                var builder = new OutcomeBuilder(pairs[i].Policy.Name, pairs[i].Budget, mode, Plan.Seats, setup.Rules.SmallestBudget);
                for (int seat = 0; seat < Plan.Seats; seat++)
                {
                    int entry = i * Plan.Seats + seat;
                    builder.Add(seat, entries[entry].Agent.Seat, replay.Steps(entry));
                }

                outcomes.Add(builder.Build());
            }
        }

        return Outcome(index, EvaluationPath.Frozen, opportunities, oracles, outcomes);
    }

    /// <param name="known">The same period's frozen path, whose oracles are the same; null: play the base periods.</param>
    public PeriodOutcome Full(int index, PeriodOutcome? known)
    {
        var oracles = new List<OracleOutcome>();
        var outcomes = new List<PolicyOutcome>();
        int[] opportunities = known?.Opportunities ?? [];
        foreach (PacingMode mode in Plan.Modes)
        {
            BasePeriod period = Base(index, mode);
            if (known is null)
            {
                opportunities = OpportunitiesOf(_player.Play(period.Setup, _rivals, watch(BaseWork(0))));
                oracles.AddRange(Oracles(period, mode));
            }

            foreach (EvaluatedPolicy policy in Plan.Policies)
            {
                foreach (double budget in Plan.BudgetFactors) outcomes.Add(Replayed(period, mode, policy, budget));
            }
        }

        return Outcome(index, EvaluationPath.Full, opportunities, known?.Oracles ?? oracles, outcomes);
    }

    private BasePeriod Base(int index, PacingMode mode)
    {
        BasePeriod period = market.Base(index, mode);
        if (!Plan.PriorOfDayBefore) return period;
        var builder = new PriorBuilder();
        _player.Play(market.DayBefore(index, mode), builder, watch(DayBeforeWork));
        return period with { Prior = market.Told(builder.Build("day-before", version: 1)) };
    }

    private PolicyOutcome Replayed(BasePeriod period, PacingMode mode, EvaluatedPolicy policy, double budget)
    {
        PeriodSetup setup = period.Setup;
        var builder = new OutcomeBuilder(policy.Name, budget, mode, Plan.Seats, setup.Rules.SmallestBudget);
        int groups = Plan.Seats / Plan.SeatsTogether;
        for (int group = 0; group < groups; group++)
        {
            SeatAgent[] agents = [.. setup.LineUp.Agents];
            for (int seat = group; seat < agents.Length; seat += groups) agents[seat] = market.Candidate(period, seat, policy, budget);
            PeriodSetup replaced = setup with { LineUp = setup.LineUp with { Agents = agents } };
            PeriodResult result = _player.Play(replaced, watch(1));
            for (int seat = group; seat < agents.Length; seat += groups) builder.Add(seat, agents[seat].Seat, result.Steps(seat));
        }

        return builder.Build();
    }

    // From the base period's curves that were recorded last.
    private IEnumerable<OracleOutcome> Oracles(BasePeriod period, PacingMode mode)
    {
        int seats = Plan.Seats, points = PeriodOutcome.ResponseMultipliers.Count;
        foreach (double factor in Plan.BudgetFactors)
        {
            Seat[] money = [.. Enumerable.Range(0, seats).Select(seat => period.MoneyOf(seat, factor))];
            OracleResult[] best = [.. Enumerable.Range(0, seats).Select(seat => HindsightOracle.BestConstant(_rivals.Of(seat), money[seat], mode))];
            double[] costs = new double[points], values = new double[points];
            for (int i = 0; i < points; i++)
            {
                for (int seat = 0; seat < seats; seat++)
                {
                    HindsightOracle.Walk(_rivals.Of(seat), money[seat].Budget, PeriodOutcome.ResponseMultipliers[i], out double cost, out double value);
                    costs[i] += cost / seats;
                    values[i] += value / seats;
                }

                costs[i] = Math.Round(costs[i], 3);
                values[i] = Math.Round(values[i], 6);
            }

            yield return new OracleOutcome
            {
                BudgetFactor = factor,
                Mode = mode,
                Budget = Array.ConvertAll(money, seat => seat.Budget),
                Target = Array.ConvertAll(money, seat => seat.TargetCpa),
                Score = Array.ConvertAll(best, oracle => oracle.Score),
                Multiplier = Array.ConvertAll(best, oracle => oracle.Multiplier),
                Cost = Array.ConvertAll(best, oracle => oracle.Cost),
                Value = Array.ConvertAll(best, oracle => oracle.Value),
                ResponseCost = costs,
                ResponseValue = values,
            };
        }
    }

    private PeriodOutcome Outcome(
        int index, EvaluationPath path, int[] opportunities, IReadOnlyList<OracleOutcome> oracles, IReadOnlyList<PolicyOutcome> policies) => new()
        {
            Plan = market.Identity,
            Period = Plan.FirstPeriod + index,
            LineUp = market.LineUpOf(index),
            Path = path,
            Opportunities = opportunities,
            Oracles = oracles,
            Policies = policies,
        };

    private static double BaseWork(int candidates) => 2 + CandidateWork * candidates;

    private static int[] OpportunitiesOf(PeriodResult result)
    {
        var steps = new int[StepClock.StepsPerDay];
        for (int step = 0; step < steps.Length; step++) steps[step] = result.Steps(0)[step].Opportunities;
        return steps;
    }
}
