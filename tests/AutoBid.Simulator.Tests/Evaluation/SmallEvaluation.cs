using AutoBid.Core.Campaigns;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Evaluation;

/// <summary>An evaluation of a few small days, with money in proportion.</summary>
internal static class SmallEvaluation
{
    private const double Scale = 0.004;

    public static EvaluationPlan Plan(params (string Name, IBidPolicy Policy)[] policies) => new()
    {
        FirstPeriod = 50,
        Periods = 3,
        LineUps = ["mixed-1", "mixed-2"],
        Policies = [.. policies.Select(p => new EvaluatedPolicy(p.Name, p.Policy))],
        BudgetFactors = [0.5, 1],
        Modes = [PacingMode.SpendFirst],
        SeatsTogether = 24,
        Preset = AuctionPreset.AuctionNet with { Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 2_000 } },
    };

    public static EvaluationPlan TwoPolicies => Plan(("constant", new ConstantPolicy()), ("pid", new PidPolicy()));

    public static EvaluationMarket Market(EvaluationPlan plan, Func<PeriodSetup, PeriodSetup>? shift = null)
    {
        var factory = new LineUpFactory(plan.Seed, prior: null);
        return new EvaluationMarket(plan, (name, mode) => factory.Opponents(int.Parse(name["mixed-".Length..]), AuctionNetSeats.Scaled(Scale), mode), shift);
    }

    public static IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> Play(EvaluationMarket market, string folder, int threads = 1)
        => new EvaluationRun(market, EvaluationFolder.Open(folder, market), threads).Play();

    public static EvaluationReport Report(EvaluationPlan plan, string? baseline = null)
    {
        using var folder = new TemporaryFolder();
        EvaluationMarket market = Market(plan);
        return EvaluationAnalysis.Of(market, Play(market, folder.Path), baseline, resamples: 500);
    }
}
