using AutoBid.Core.Bidding;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Threads;

namespace AutoBid.Simulator.Agents;

/// <summary>
/// Asks every agent's policy for its multiplier, then fallback, guard, perturbation and range, in the order of the live service. An undecided item keeps
/// its last multiplier, before any the safe one. Agents that share a policy instance are one batch; policies that may be called from several threads
/// are asked in pieces by the crew.
/// </summary>
internal sealed class SeatDecisions
{
    /// <summary>Agents of a piece: about 0.2 ms of MPC.</summary>
    private const int Piece = 12;

    private readonly IReadOnlyList<SeatAgent> _agents;
    private readonly Guard? _guard;
    private readonly Crew _crew;
    private readonly Perturbation?[] _perturbations;
    private readonly PriceShock?[] _shocks;
    private readonly List<Batch> _batches = [];
    private readonly DayForecast[] _forecasts;
    private readonly TimeProvider _clock = new VirtualTime(DateTimeOffset.UnixEpoch);
    private readonly Action<int, int> _decide;
    private PolicyInput[] _inputs = [];
    private double[] _raw = [];
    private double[] _executed = [];
    private int _step;
    private ulong _policySeed;

    /// <param name="seats">The seat that each agent plays; it keys the agent's perturbation.</param>
    public SeatDecisions(IReadOnlyList<SeatAgent> agents, IReadOnlyList<int> seats, GuardOptions? guard, ulong seed, int period, Crew crew)
    {
        _agents = agents;
        _crew = crew;
        _guard = guard is null ? null : new Guard(guard);
        _forecasts = [.. Enumerable.Range(0, crew.Threads).Select(_ => new DayForecast())];
        _decide = Decide;
        _perturbations = new Perturbation?[agents.Count];
        _shocks = new PriceShock?[agents.Count];
        for (int agent = 0; agent < agents.Count; agent++)
        {
            if (agents[agent].Perturbation is { } options) _perturbations[agent] = new Perturbation(seed, period, seats[agent], options);
            if (agents[agent].Shock is { } shock) _shocks[agent] = new PriceShock(seed, period, shock);
        }

        foreach (IGrouping<object?, int> group in Enumerable.Range(0, agents.Count).GroupBy(agent => (object?)agents[agent].Policy, ReferenceEqualityComparer.Instance))
        {
            var policy = (IBidPolicy)group.Key!;
            foreach (int[] piece in policy.IsThreadSafe ? group.Chunk(Piece) : [group.ToArray()]) _batches.Add(new Batch(policy, piece));
        }

        // The longest first: what cannot be cut must not be what everybody waits for.
        _batches.Sort((a, b) => b.Agents.Length.CompareTo(a.Agents.Length));
    }

    /// <summary>Where feedback and constant policies of this agent start.</summary>
    public double AccountConstant(int agent) => _perturbations[agent]?.StartMultiplier ?? _agents[agent].AccountConstant;

    /// <summary>Fills the policies' own answers and the multipliers to execute, by agent.</summary>
    /// <param name="policySeed">For policies that sample.</param>
    public void Decide(int step, PolicyInput[] inputs, ulong policySeed, double[] raw, double[] executed)
    {
        (_step, _inputs, _policySeed, _raw, _executed) = (step, inputs, policySeed, raw, executed);
        _crew.Run(_batches.Count, _decide);
    }

    private void Decide(int item, int worker)
    {
        Batch batch = _batches[item];
        for (int i = 0; i < batch.Agents.Length; i++) batch.Inputs[i] = _inputs[batch.Agents[i]];
        batch.Policy.Decide(batch.Inputs, batch.Answers, DecisionScope.Unbounded(_clock, _policySeed));
        for (int i = 0; i < batch.Agents.Length; i++)
        {
            int agent = batch.Agents[i];
            _raw[agent] = batch.Answers[i].IsDecided ? batch.Answers[i].Multiplier : double.NaN;
            _executed[agent] = Perturb(agent, Guarded(batch.Inputs[i], batch.Answers[i], _forecasts[worker]));
        }
    }

    private double Guarded(in PolicyInput input, in PolicyDecision answer, DayForecast scratch)
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
        if (projects) scratch.Build(input.Forecast);
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
            Forecast = projects ? scratch : null,
            IsColdStart = answer.IsColdStart,
        }).Multiplier;
    }

    private double Perturb(int agent, double multiplier)
    {
        SeatAgent player = _agents[agent];
        if (_perturbations[agent] is { } perturbation)
            multiplier *= player.FollowsExecuted ? perturbation.Change(_step) : perturbation.Factor(_step);
        if (_shocks[agent] is { } shock) multiplier *= player.FollowsExecuted ? shock.Change(_step) : shock.Factor(_step);
        return Math.Clamp(multiplier, player.MinMultiplier, player.MaxMultiplier);
    }

    private sealed class Batch(IBidPolicy policy, int[] agents)
    {
        public IBidPolicy Policy { get; } = policy;

        public int[] Agents { get; } = agents;

        public PolicyInput[] Inputs { get; } = new PolicyInput[agents.Length];

        public PolicyDecision[] Answers { get; } = new PolicyDecision[agents.Length];
    }
}
