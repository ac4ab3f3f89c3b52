using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Evaluation;

/// <summary>A plan with its line-ups made: what is played, and how a seat looks when a candidate has taken it over.</summary>
public sealed class EvaluationMarket
{
    private readonly Dictionary<(string, PacingMode), LineUp> _lineUps = [];
    private readonly Func<PeriodSetup, PeriodSetup> _shift;
    private readonly PopulationPrior? _prior;

    /// <param name="lineUps">Makes the line-up of a name, all its seats in the mode.</param>
    /// <param name="shift">Applied to every day's setup; null: none.</param>
    /// <param name="cardOf">Hash of the card of a model that a line-up seats; null, or null for policies without a model: name and version stand for it.</param>
    /// <exception cref="ArgumentException">The plan cannot be played.</exception>
    public EvaluationMarket(
        EvaluationPlan plan, Func<string, PacingMode, LineUp> lineUps, Func<PeriodSetup, PeriodSetup>? shift = null, Func<IBidPolicy, string?>? cardOf = null)
    {
        plan.Check();
        Plan = plan;
        _shift = shift ?? (static setup => setup);
        _prior = plan.Prior is { } prior ? Told(prior) : null;
        foreach (string name in plan.LineUps)
        {
            foreach (PacingMode mode in plan.Modes)
            {
                LineUp made = lineUps(name, mode);
                if (made.Agents.Count != plan.Seats) throw new ArgumentException($"line-up {name} has {made.Agents.Count} seats, the traffic {plan.Seats}");
                _lineUps[(name, mode)] = made;
            }
        }

        Identity = EvaluationIdentity.Of(this, cardOf ?? (static _ => null));
    }

    public EvaluationPlan Plan { get; }

    /// <summary>SHA-256 of all that determines a period's results; the number of periods is not part of it, so that an evaluation can be made longer.</summary>
    public string Identity { get; }

    /// <summary>Line-up of the plan's <paramref name="index"/>-th period.</summary>
    public string LineUpOf(int index) => Plan.LineUps[index % Plan.LineUps.Count];

    /// <summary>The base period: everybody as the line-up has them. A shift may change rivals' budgets, never a candidate's own.</summary>
    /// <param name="index">0 to <see cref="EvaluationPlan.Periods"/> - 1.</param>
    public BasePeriod Base(int index, PacingMode mode)
    {
        LineUp lineUp = _lineUps[(LineUpOf(index), mode)];
        PeriodSetup setup = SetupOf(lineUp, Plan.FirstPeriod + index);
        return new BasePeriod(setup, [.. lineUp.Agents.Zip(setup.LineUp.Agents, (own, shifted) => new Seat(own.Seat.Budget, shifted.Seat.TargetCpa))]) { Prior = _prior };
    }

    /// <summary>The same market one period earlier, whose logs a prior of the day before is made from.</summary>
    public PeriodSetup DayBefore(int index, PacingMode mode) => SetupOf(_lineUps[(LineUpOf(index), mode)], Plan.FirstPeriod + index - 1);

    /// <summary>What candidates are told of a prior.</summary>
    public PopulationPrior Told(PriorFile prior) => (Plan.Knowledge.Regime ? prior : prior with { RegimeSteps = 0 }).ToPrior();

    /// <summary>A seat of a base period as a candidate plays it: its money with the budget scaled.</summary>
    public SeatAgent Candidate(BasePeriod period, int seat, EvaluatedPolicy policy, double budgetFactor)
    {
        SeatAgent agent = period.Setup.LineUp.Agents[seat];
        return new SeatAgent
        {
            Seat = period.MoneyOf(seat, budgetFactor),
            Policy = policy.Policy,
            Mode = agent.Mode,
            Prior = period.Prior,
            KnowsStep = Plan.Knowledge.Step,
            KnowsCurves = Plan.Knowledge.Curves,
            MinMultiplier = agent.MinMultiplier,
            MaxMultiplier = agent.MaxMultiplier,
        };
    }

    private PeriodSetup SetupOf(LineUp lineUp, int period) => _shift(new PeriodSetup
    {
        Seed = Plan.Seed,
        Period = period,
        LineUp = lineUp,
        Traffic = Plan.Preset.Traffic,
        Rules = Plan.Preset.Rules,
        Guard = Plan.Guard,
    });
}
