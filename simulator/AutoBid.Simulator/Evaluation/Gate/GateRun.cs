using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Reports;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>Plays a gate, each part an evaluation in a folder of its own: interrupted, it goes on with the first day that is missing.</summary>
/// <param name="folder">Of the parts' folders.</param>
public sealed class GateRun(GateProtocol protocol, GateSubject subject, ulong seed, string folder, int threads = 1)
{
    private readonly GatePlans _plans = new(protocol, subject, seed);

    /// <summary>The best simple policy at every budget factor on the validation days in SpendFirst; in TargetFirst the fixed one.</summary>
    /// <param name="progress">Called with the work done and the whole work.</param>
    /// <exception cref="EvaluationFolderException">A folder cannot be used.</exception>
    public IReadOnlyList<GateReference> ChooseReferences(Action<double, double>? progress = null, CancellationToken cancel = default)
    {
        var part = new Part("validation", _plans.Validation(), folder, threads);
        EvaluationReport report = EvaluationAnalysis.Of(part.Market, part.Run.Play(progress, cancel), resamples: protocol.Resamples);
        EvaluationFiles.Write(part.Path, report);
        return
        [
            .. report.Groups.Select(group => new GateReference(
                group.Mode, group.BudgetFactor, group.Baseline ?? throw new GateException($"{part.Path}: on these days there is nothing to win"))),
            .. protocol.BudgetFactors.Select(budget => new GateReference(PacingMode.TargetFirst, budget, GateProtocol.TargetFirstReference)),
        ];
    }

    /// <summary>Plays the test days.</summary>
    /// <param name="progress">Called with the work done and the whole work.</param>
    /// <exception cref="EvaluationFolderException">A folder cannot be used.</exception>
    public GateFigures Play(IReadOnlyList<GateReference> references, Action<double, double>? progress = null, CancellationToken cancel = default)
    {
        var known = new Part("known", _plans.Known(), folder, threads);
        // Reacting rivals first: a unit of their work takes longest, so that the time left is rather over- than underestimated.
        Part[] others =
        [
            .. GateProtocol.Modes.Select(mode => new Part($"full-{mode}", _plans.Full(mode, references), folder, threads)),
            .. GateProtocol.Modes.Select(mode => new Part($"unknown-{mode}", _plans.Unknown(mode, references), folder, threads)),
        ];
        Part[] parts = [.. others, known];
        double total = parts.Sum(part => part.Run.WorkLeft()), before = 0;
        var comparisons = new List<GateComparison>();
        IReadOnlyList<GateShare> candidates = [];
        foreach (Part part in parts)
        {
            double whole = part.Run.WorkLeft();
            IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes = part.Run.Play((done, _) => progress?.Invoke(before + done, total), cancel);
            before += whole;
            comparisons.AddRange(Compare(part, references, outcomes));
            EvaluationReport report = EvaluationAnalysis.Of(part.Market, outcomes, resamples: protocol.Resamples);
            EvaluationFiles.Write(part.Path, report);
            if (part == known) candidates = [.. report.Groups.SelectMany(group => group.Rows.Select(row => GateShare.Of(group, row)))];
        }

        EvaluationPlan plan = known.Market.Plan;
        return new GateFigures
        {
            Model = subject.Model.Name,
            CardSha256 = subject.CardSha256,
            Seed = seed,
            LineUps = plan.LineUps,
            Prior = $"{subject.Prior.Name}/{subject.Prior.Version}",
            PriorSha256 = subject.Prior.Sha256,
            FirstValidationPeriod = protocol.FirstValidationPeriod,
            ValidationPeriods = protocol.ValidationPeriods,
            FirstTestPeriod = protocol.FirstTestPeriod,
            TestPeriods = protocol.TestPeriods,
            FullPeriods = protocol.FullPeriods,
            SeatsTogether = protocol.SeatsTogether,
            OpportunitiesPerPeriod = plan.Traffic.OpportunitiesPerPeriod,
            Resamples = protocol.Resamples,
            References = references,
            Comparisons = [.. comparisons.OrderBy(c => c.Path).ThenBy(c => c.Unknown.Count).ThenByDescending(c => c.Mode).ThenBy(c => c.BudgetFactor)],
            Candidates = candidates,
        };
    }

    private IEnumerable<GateComparison> Compare(
        Part part, IReadOnlyList<GateReference> references, IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes)
    {
        EvaluationPlan plan = part.Market.Plan;
        foreach (IGrouping<string, GateReference> cells in references.Where(r => plan.Modes.Contains(r.Mode) && plan.BudgetFactors.Contains(r.BudgetFactor)).GroupBy(r => r.Policy))
        {
            EvaluationReport report = EvaluationAnalysis.Of(part.Market, outcomes, cells.Key, protocol.Resamples);
            foreach (ScoreGroup group in report.Groups.Where(group => cells.Any(cell => cell.Mode == group.Mode && cell.BudgetFactor == group.BudgetFactor)))
                yield return GateComparison.Of(group, subject.Model.Name, report.Plan);
        }
    }

    private sealed class Part
    {
        public Part(string name, EvaluationMarket market, string folder, int threads)
        {
            Market = market;
            Path = System.IO.Path.Combine(folder, name);
            Run = new EvaluationRun(market, EvaluationFolder.Open(Path, market), threads);
        }

        public EvaluationMarket Market { get; }

        public string Path { get; }

        public EvaluationRun Run { get; }
    }
}
