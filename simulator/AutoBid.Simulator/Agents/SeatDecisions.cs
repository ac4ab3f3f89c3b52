using AutoBid.Core.Bidding;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;

namespace AutoBid.Simulator.Agents;

/// <summary>
/// Asks every seat's policy for its multiplier: one batch per policy instance, then fallback, guard, perturbation and range, in the order of the live
/// service. An undecided item keeps its last multiplier, before any the safe one.
/// </summary>
internal sealed class SeatDecisions
{
    private readonly IReadOnlyList<SeatAgent> _agents;
    private readonly Guard? _guard;
    private readonly Perturbation?[] _perturbations;
    private readonly List<(IBidPolicy Policy, int[] Seats)> _batches;
    private readonly PolicyInput[] _batch;
    private readonly PolicyDecision[] _answers;
    private readonly DayForecast _forecast = new();
    private readonly TimeProvider _clock = new VirtualTime(DateTimeOffset.UnixEpoch);

    public SeatDecisions(LineUp lineUp, GuardOptions? guard, ulong seed, int period)
    {
        _agents = lineUp.Agents;
        _guard = guard is null ? null : new Guard(guard);
        _batch = new PolicyInput[_agents.Count];
        _answers = new PolicyDecision[_agents.Count];
        _perturbations = new Perturbation?[_agents.Count];
        for (int seat = 0; seat < _agents.Count; seat++)
        {
            if (_agents[seat].Perturbation is { } options) _perturbations[seat] = new Perturbation(seed, period, seat, options);
        }

        _batches =
        [
            .. Enumerable.Range(0, _agents.Count)
                .GroupBy(seat => _agents[seat].Policy, ReferenceEqualityComparer.Instance)
                .Select(group => ((IBidPolicy)group.Key!, group.ToArray())),
        ];
    }

    /// <summary>Where feedback and constant policies of this seat start.</summary>
    public double AccountConstant(int seat) => _perturbations[seat]?.StartMultiplier ?? _agents[seat].AccountConstant;

    /// <summary>Fills the policies' own answers and the multipliers to execute, by seat.</summary>
    /// <param name="policySeed">For policies that sample.</param>
    public void Decide(int step, ReadOnlySpan<PolicyInput> inputs, ulong policySeed, Span<double> raw, Span<double> executed)
    {
        DecisionScope scope = DecisionScope.Unbounded(_clock, policySeed);
        foreach ((IBidPolicy policy, int[] seats) in _batches)
        {
            for (int i = 0; i < seats.Length; i++) _batch[i] = inputs[seats[i]];
            policy.Decide(_batch.AsSpan(0, seats.Length), _answers.AsSpan(0, seats.Length), scope);
            for (int i = 0; i < seats.Length; i++)
            {
                int seat = seats[i];
                ref readonly PolicyInput input = ref inputs[seat];
                raw[seat] = _answers[i].IsDecided ? _answers[i].Multiplier : double.NaN;
                executed[seat] = Perturb(step, seat, Guarded(input, _answers[i]));
            }
        }
    }

    private double Guarded(in PolicyInput input, in PolicyDecision answer)
    {
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        double safe = SafeMultiplier.Of(rows, input.AccountConstant);
        double wanted = answer.IsDecided ? answer.Multiplier : input.LastMultiplier > 0 ? input.LastMultiplier : safe;
        if (_guard is null) return double.IsFinite(wanted) && wanted > 0 ? wanted : safe;

        double spent = 0, expected = 0, conversions = 0;
        foreach (ref readonly StepRow row in rows)
        {
            spent += row.Cost;
            expected += row.ValueWon;
            conversions += row.Conversions;
        }

        bool projects = input.Mode == PacingMode.TargetFirst;
        if (projects) _forecast.Build(input.Forecast);
        return _guard.Apply(new GuardInput
        {
            Raw = wanted,
            Last = input.LastMultiplier,
            Safe = safe,
            MinMultiplier = input.MinMultiplier,
            MaxMultiplier = input.MaxMultiplier,
            Objective = input.Objective,
            Mode = input.Mode,
            Budget = input.Budget,
            Spent = spent,
            StepsLeft = StepClock.StepsPerDay - rows.Length,
            ExpectedValue = expected,
            RealisedConversions = conversions,
            Forecast = projects ? _forecast : null,
            IsColdStart = answer.IsColdStart,
        }).Multiplier;
    }

    private double Perturb(int step, int seat, double multiplier)
    {
        SeatAgent agent = _agents[seat];
        if (_perturbations[seat] is { } perturbation)
            multiplier *= agent.FollowsExecuted ? perturbation.Change(step) : perturbation.Factor(step);
        return Math.Clamp(multiplier, agent.MinMultiplier, agent.MaxMultiplier);
    }
}
