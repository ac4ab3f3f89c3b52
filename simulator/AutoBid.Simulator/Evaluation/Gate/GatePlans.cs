using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Agents;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>A gate's days as evaluations of its seed.</summary>
internal sealed class GatePlans(GateProtocol protocol, GateSubject subject, ulong seed)
{
    /// <summary>What a live engine may not be told.</summary>
    private static readonly Knowledge Little = new(Step: false, Regime: false, Curves: false);

    private readonly LineUpFactory _factory = new(seed, subject.Prior.ToPrior());
    private readonly Dictionary<string, int> _lineUps = protocol.LineUpsOf(seed).ToDictionary(number => $"mixed-{number}");

    /// <summary>Simple policies alone, on other days than the test's: who is the best of them must not be chosen where it is compared.</summary>
    public EvaluationMarket Validation() => Market(Plan(subject.Simple, [PacingMode.SpendFirst]) with
    {
        FirstPeriod = protocol.FirstValidationPeriod,
        Periods = protocol.ValidationPeriods,
    });

    /// <summary>Everybody on all test days, told everything.</summary>
    public EvaluationMarket Known() => Market(Plan([subject.Model, .. subject.Simple], GateProtocol.Modes));

    /// <summary>Model and references told little.</summary>
    public EvaluationMarket Unknown(PacingMode mode, IEnumerable<GateReference> references)
        => Market(Plan(Pair(mode, references), [mode]) with { Knowledge = Little });

    /// <summary>Model and references with rivals that react.</summary>
    public EvaluationMarket Full(PacingMode mode, IEnumerable<GateReference> references)
        => Market(Plan(Pair(mode, references.Where(reference => protocol.FullBudgetFactors.Contains(reference.BudgetFactor))), [mode]) with
        {
            BudgetFactors = protocol.FullBudgetFactors,
            Periods = protocol.FullPeriods,
            Paths = [EvaluationPath.Full],
        });

    private IReadOnlyList<EvaluatedPolicy> Pair(PacingMode mode, IEnumerable<GateReference> references)
    {
        HashSet<string> wanted = [.. references.Where(reference => reference.Mode == mode).Select(reference => reference.Policy)];
        return [subject.Model, .. subject.Simple.Where(policy => wanted.Contains(policy.Name))];
    }

    private EvaluationPlan Plan(IReadOnlyList<EvaluatedPolicy> policies, IReadOnlyList<PacingMode> modes) => new()
    {
        Seed = seed,
        FirstPeriod = protocol.FirstTestPeriod,
        Periods = protocol.TestPeriods,
        LineUps = [.. _lineUps.Keys],
        Policies = policies,
        BudgetFactors = protocol.BudgetFactors,
        Modes = modes,
        Preset = protocol.Preset,
        Prior = subject.Prior,
        SeatsTogether = protocol.SeatsTogether,
    };

    private EvaluationMarket Market(EvaluationPlan plan) => new(plan, (name, mode) => _factory.Opponents(_lineUps[name], protocol.Seats, mode));
}
