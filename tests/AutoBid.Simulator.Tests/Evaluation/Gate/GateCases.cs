using AutoBid.Core.Campaigns;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Gate;

namespace AutoBid.Simulator.Tests.Evaluation.Gate;

/// <summary>Figures and subjects of gates that nobody had to play.</summary>
internal static class GateCases
{
    public static GateProtocol Protocol => GateProtocol.Standard;

    /// <summary>All comparisons of a gate; each earns the best verdict, but not by much.</summary>
    public static IReadOnlyList<GateComparison> Winning =>
    [
        .. GateProtocol.Modes.SelectMany(mode => Protocol.BudgetFactors.Select(budget => Comparison(mode, EvaluationPath.Frozen, [], budget))),
        .. GateProtocol.Modes.SelectMany(mode => Protocol.BudgetFactors.Select(budget => Comparison(mode, EvaluationPath.Frozen, ["step", "regime", "curves"], budget))),
        .. GateProtocol.Modes.SelectMany(mode => Protocol.FullBudgetFactors.Select(budget => Comparison(mode, EvaluationPath.Full, [], budget))),
    ];

    public static GateSubject Subject(string name = "gave", int version = 2, string card = "c2", string prior = "p1") => new(
        name,
        version,
        new EvaluatedPolicy($"{name}/{version}", new ConstantPolicy(), card),
        new Dictionary<string, string> { ["model.onnx"] = "aa" },
        [new EvaluatedPolicy("constant", new ConstantPolicy())],
        new PriorFile { Name = "prior", Version = 1, BidPerValue = [1, 2], Cost = [0, 1], Value = [0, 1], MeanValue = 1, Reference = 1, Sha256 = prior });

    public static GateFigures Figures(IReadOnlyList<GateComparison> comparisons) => new()
    {
        Model = "gave/2",
        CardSha256 = "c2",
        Seed = 20_001,
        LineUps = ["mixed-5000"],
        Prior = "prior/1",
        PriorSha256 = "p1",
        FirstValidationPeriod = 1_000,
        ValidationPeriods = 20,
        FirstTestPeriod = 2_000,
        TestPeriods = 80,
        FullPeriods = 10,
        SeatsTogether = 8,
        OpportunitiesPerPeriod = 500_000,
        Resamples = 10_000,
        References = [],
        Comparisons = comparisons,
        Candidates = [new GateShare(PacingMode.SpendFirst, 1, "gave/2", 0.9, 0.89, 0.91, 0.8, 0.97, 0.98, 0.99)],
    };

    /// <summary>The list with the cell's comparison changed.</summary>
    public static IReadOnlyList<GateComparison> With(
        this IReadOnlyList<GateComparison> all, PacingMode mode, EvaluationPath path, double budget, Func<GateComparison, GateComparison> change, bool known = true)
    {
        GateComparison cell = all.Single(c => c.Mode == mode && c.Path == path && c.BudgetFactor == budget && (c.Unknown.Count == 0) == known);
        return [.. all.Select(c => c == cell ? change(c) : c)];
    }

    private static GateComparison Comparison(PacingMode mode, EvaluationPath path, IReadOnlyList<string> unknown, double budget) => new(
        mode, path, unknown, budget, mode == PacingMode.SpendFirst ? "mpc" : "min-pacing", 0.9, 0.89, 0.01, 1e-6, 0.02, 0.8, 0.8, 0.95, 0.95, 80, 3_840);
}
