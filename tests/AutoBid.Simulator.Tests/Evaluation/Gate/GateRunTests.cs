using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Gate;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Tests.Export;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Evaluation.Gate;

public sealed class GateRunTests(GateRunTests.FinishedGate finished) : IClassFixture<GateRunTests.FinishedGate>
{
    private static readonly GateProtocol Small = new()
    {
        BudgetFactors = [0.5, 1],
        FullBudgetFactors = [1],
        LineUps = 2,
        ValidationPeriods = 1,
        TestPeriods = 2,
        FullPeriods = 1,
        SeatsTogether = 48,
        Resamples = 200,
        Preset = AuctionPreset.AuctionNet with { Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 1_000 } },
        Seats = AuctionNetSeats.Scaled(0.002),
    };

    private static readonly GateProtocol Brief = Small with { BudgetFactors = [1], LineUps = 1 };

    private static readonly EvaluatedPolicy Timid = new("timid", new ConstantPolicy(0.06, "timid"));

    private static readonly PriorFile Prior = TrajectoryExportTests.Prior();

    [Fact]
    public void A_gate_compares_model_and_references_on_all_that_decides()
    {
        (TemporaryFolder folder, GateFigures figures) = (finished.Folder, finished.Figures);
        Assert.Equal(8 + 2, figures.Comparisons.Count);
        Assert.Equal(
            [
                (PacingMode.SpendFirst, EvaluationPath.Frozen, 0, 0.5), (PacingMode.SpendFirst, EvaluationPath.Frozen, 0, 1),
                (PacingMode.TargetFirst, EvaluationPath.Frozen, 0, 0.5), (PacingMode.TargetFirst, EvaluationPath.Frozen, 0, 1),
                (PacingMode.SpendFirst, EvaluationPath.Frozen, 3, 0.5), (PacingMode.SpendFirst, EvaluationPath.Frozen, 3, 1),
                (PacingMode.TargetFirst, EvaluationPath.Frozen, 3, 0.5), (PacingMode.TargetFirst, EvaluationPath.Frozen, 3, 1),
                (PacingMode.SpendFirst, EvaluationPath.Full, 0, 1), (PacingMode.TargetFirst, EvaluationPath.Full, 0, 1),
            ],
            figures.Comparisons.Select(c => (c.Mode, c.Path, c.Unknown.Count, c.BudgetFactor)));
        Assert.All(figures.Comparisons.Where(c => c.Mode == PacingMode.TargetFirst), c => Assert.Equal("min-pacing", c.Reference));
        Assert.All(figures.Comparisons, c => Assert.Contains(figures.References, r => (r.Mode, r.BudgetFactor, r.Policy) == (c.Mode, c.BudgetFactor, c.Reference)));
        Assert.All(figures.Comparisons, c => Assert.Equal(c.ModelShare!.Value - c.ReferenceShare!.Value, c.Difference!.Value, 2e-6));
        Assert.Equal(2 * 2 * 4, figures.Candidates.Count);
        // A policy that hardly bids loses to everybody.
        Assert.Equal(Verdict.Refused, GateRule.Decide(Small, figures.Comparisons).Verdict);
        Assert.All(["validation", "known", "unknown-SpendFirst", "unknown-TargetFirst", "full-SpendFirst", "full-TargetFirst"], part => Assert.True(File.Exists(Path.Combine(folder.Path, part, "table.md"))));

        // References come from other days, and validity is counted on the keys as they were played.
        Assert.Equal([1000], Outcomes(folder.Path, "validation").Select(o => o.Period));
        PeriodOutcome[] test = Outcomes(folder.Path, "known");
        Assert.Equal([2000, 2001], test.Select(o => o.Period));
        KeyRow[] keys = [.. test.SelectMany(o => o.Keys()).Where(k => k is { Policy: "test/1", Mode: PacingMode.TargetFirst, BudgetFactor: 1 })];
        GateComparison cell = figures.Comparisons.Single(c => c is { Mode: PacingMode.TargetFirst, Path: EvaluationPath.Frozen, BudgetFactor: 1, Unknown.Count: 0 });
        Assert.Equal((2, 96), (cell.Periods, cell.Keys));
        Assert.Equal(keys.Count(k => k.Cost <= 1.1 * k.Target * k.Value) / 96.0, cell.ModelValid, 1e-6);
        Assert.Equal(keys.Count(k => Score.KeepsTarget(k.Value, k.Cost, k.Target)) / 96.0, cell.ModelKept, 1e-6);
        Assert.Equal(keys.Sum(k => k.Expected) / keys.Sum(k => k.Oracle), cell.ModelShare!.Value, 1e-6);
    }

    [Fact]
    public void A_model_that_bids_like_its_references_is_usable()
    {
        using var folder = new TemporaryFolder();
        // Without anything that beats them here, both references decide as the model does.
        GateSubject subject = Subject(new MpcPolicy(new MpcOptions(), "twin"));
        GateFigures figures = Play(folder.Path, subject with { Simple = [new EvaluatedPolicy("mpc", new MpcPolicy()), new EvaluatedPolicy("min-pacing", MpcPolicy.MinPacing), Timid] }, protocol: Brief);
        Assert.All(figures.References, r => Assert.Equal(r.Mode == PacingMode.SpendFirst ? "mpc" : "min-pacing", r.Policy));
        Assert.All(figures.Comparisons, c => Assert.Equal((0, c.ModelValid), (c.Difference, c.ReferenceValid)));
        Assert.All(figures.Comparisons.Where(c => c.Path == EvaluationPath.Frozen), c => Assert.Equal((0, 0), (c.Low, c.High)));
        Assert.Equal(Verdict.Usable, GateRule.Decide(Brief, figures.Comparisons).Verdict);
    }

    [Fact]
    public void A_gate_that_was_stopped_ends_as_one_that_was_not()
    {
        GateSubject subject = Subject(Timid.Policy);
        using var stopped = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        var run = new GateRun(Small, subject, 20_007, stopped.Path);
        IReadOnlyList<GateReference> references = run.ChooseReferences();
        var seen = new List<double>();
        Assert.Throws<OperationCanceledException>(() => run.Play(references, (done, total) =>
        {
            seen.Add(done / total);
            if (done > 0.4 * total) source.Cancel();
        }, source.Token));
        Assert.Equal(seen.Order(), seen);
        Assert.InRange(seen[^1], 0.4, 0.7);

        GateFigures figures = Play(stopped.Path, subject, threads: 2);
        Assert.Equal(JsonSerializer.Serialize(finished.Figures), JsonSerializer.Serialize(figures));
        Assert.Equal(finished.Folder.Files(), stopped.Files());
        var again = new GateRun(Small, subject, 20_007, stopped.Path);
        again.Play(again.ChooseReferences((_, _) => Assert.Fail("nothing was left to play")), (_, _) => Assert.Fail("nothing was left to play"));
        // The same folder with another seed is another gate.
        Assert.Throws<EvaluationFolderException>(() => new GateRun(Small, subject, 20_008, stopped.Path).ChooseReferences());
    }

    [Fact]
    public void The_verdict_names_its_hashes_and_says_why()
    {
        using var folder = new TemporaryFolder();
        IReadOnlyList<GateComparison> comparisons = GateCases.Winning.With(PacingMode.SpendFirst, EvaluationPath.Frozen, 1, c => c with { Low = -0.004 });
        GateFigures figures = GateCases.Figures(comparisons);
        GateDecision decision = GateRule.Decide(GateCases.Protocol, comparisons);
        GateVerdict.Of(GateCases.Subject(), decision, figures).Write(folder.Path);
        using JsonDocument json = JsonDocument.Parse(folder.Files()["verdict.json"]);
        Assert.Equal("usable", json.RootElement.GetProperty("verdict").GetString());
        Assert.Equal("c2", json.RootElement.GetProperty("cardSha256").GetString());
        Assert.Equal("aa", json.RootElement.GetProperty("files").GetProperty("model.onnx").GetString());
        string reason = json.RootElement.GetProperty("reason").GetString()!;
        Assert.StartsWith("falls short of a default: SpendFirst 100 %: +1.00 [−0.40, +2.00] points of S* to mpc. ", reason, StringComparison.Ordinal);
        Assert.Contains("SpendFirst +1.00 / +1.00 / +1.00 points of S* over mpc", reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', reason);
        Assert.Equal(16, json.RootElement.GetProperty("gate").GetProperty("comparisons").GetArrayLength());

        string tables = GateText.Markdown(decision, figures);
        Assert.StartsWith("# Gate of gave/2: usable\n", tables, StringComparison.Ordinal);
        Assert.Contains("| SpendFirst | 100 % | mpc | 90.0 | 89.0 | +1.00 | [−0.40, +2.00] |", tables, StringComparison.Ordinal);
        Assert.Contains("- SpendFirst 100 %:", tables, StringComparison.Ordinal);
        Assert.Contains("| gave/2 | 90.0 [89.0, 91.0], 80.0, 97.0, 99.0 |", tables, StringComparison.Ordinal);
    }

    private static GateSubject Subject(IBidPolicy model) => new(
        "test",
        1,
        new EvaluatedPolicy("test/1", model, "c1"),
        new Dictionary<string, string>(),
        [
            // The gate takes references by their names: these stand in for slower ones.
            new EvaluatedPolicy("truthful", new ConstantPolicy(1, "truthful")), new EvaluatedPolicy("pid", new PidPolicy()),
            new EvaluatedPolicy("min-pacing", new ConstantPolicy(0.9, "min-pacing")),
        ],
        Prior);

    private static GateFigures Play(string folder, GateSubject subject, int threads = 1, GateProtocol? protocol = null)
    {
        var run = new GateRun(protocol ?? Small, subject, 20_007, folder, threads);
        return run.Play(run.ChooseReferences());
    }

    private static PeriodOutcome[] Outcomes(string folder, string part)
        => [.. Directory.GetFiles(Path.Combine(folder, part, "periods")).Order(StringComparer.Ordinal).Select(file => JsonSerializer.Deserialize<PeriodOutcome>(File.ReadAllBytes(file), EvaluationJson.Compact)!)];

    /// <summary>The small gate of a policy that hardly bids, played once for all tests.</summary>
    public sealed class FinishedGate : IDisposable
    {
        public FinishedGate() => Figures = Play(Folder.Path, Subject(Timid.Policy));

        internal TemporaryFolder Folder { get; } = new();

        internal GateFigures Figures { get; }

        public void Dispose() => Folder.Dispose();
    }
}
