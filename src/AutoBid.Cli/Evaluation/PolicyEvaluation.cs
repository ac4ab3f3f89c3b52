using AutoBid.Cli.Commands;
using AutoBid.Cli.Simulation;
using AutoBid.Core.Guarding;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Settings;
using AutoBid.Simulator.Reports;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Evaluation;

/// <summary>Makes a plan of what was asked for, plays what its folder lacks, and writes the results.</summary>
internal sealed class PolicyEvaluation
{
    private readonly EvaluationOptions _options;
    private readonly EvaluationMarket _market;
    private readonly EvaluationFolder _folder;

    /// <exception cref="CommandException">A name, a file or the folder cannot be used.</exception>
    public PolicyEvaluation(EvaluationOptions options, PolicyResolver policies)
    {
        _options = options;
        if (options.Baseline is { } baseline && !options.Policies.Contains(baseline))
            throw new CommandException($"--baseline: '{baseline}' is none of the policies {string.Join(", ", options.Policies)}", CommandException.Usage);
        PriorFile? prior = PriorOption.Load(options.Prior, PriorOption.AuctionNet);
        var plan = new EvaluationPlan
        {
            Seed = options.Seed,
            FirstPeriod = options.FirstPeriod,
            Periods = options.Periods,
            LineUps = options.LineUps,
            Policies = [.. options.Policies.Select(name => (Name: name, Policy: policies.Find(name))).Select(p => new EvaluatedPolicy(p.Name, p.Policy, policies.CardOf(p.Policy)))],
            BudgetFactors = options.Budgets,
            Modes = options.Modes,
            Paths = options.Paths,
            Knowledge = options.Knowledge,
            Preset = options.Preset,
            Guard = options.Guard ? new GuardOptions() : null,
            Prior = options.PriorOfDayBefore ? null : prior,
            PriorOfDayBefore = options.PriorOfDayBefore,
            Shift = options.Shift?.Name,
            SeatsTogether = options.SeatsTogether,
        };
        var factory = new LineUpFactory(options.Seed, prior?.ToPrior());
        try
        {
            _market = new EvaluationMarket(
                plan, (name, mode) => LineUps.Parse(name, factory, policies, AuctionNetSeats.All, mode), options.Shift is { } shift ? setup => shift.Apply(setup) : null, policies.CardOf);
            _folder = EvaluationFolder.Open(options.Folder, _market, options.Fresh);
        }
        catch (ArgumentException e)
        {
            throw new CommandException(e.Message, e, CommandException.Usage);
        }
        catch (EvaluationFolderException e)
        {
            throw new CommandException($"--out: {e.Message} with --fresh", e, CommandException.Usage);
        }
    }

    /// <summary>Periods and paths that are in the folder, of all.</summary>
    public (int Finished, int All) Progress
    {
        get
        {
            (int Index, EvaluationPath Path)[] all = [.. Enumerable.Range(0, _options.Periods).SelectMany(index => _options.Paths.Select(path => (index, path)))];
            return (all.Count(item => _folder.Has(item.Index, item.Path)), all.Length);
        }
    }

    /// <summary>Plays and keeps what is missing; interrupted, what is finished stays.</summary>
    /// <param name="progress">Called with the work done and the whole work.</param>
    /// <exception cref="CommandException">A file of the folder cannot be read.</exception>
    public SettingResult Run(Action<double, double> progress, CancellationToken cancellation)
    {
        try
        {
            IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes = new EvaluationRun(_market, _folder, _options.Threads).Play(progress, cancellation);
            return new SettingResult(_options.Setting, EvaluationAnalysis.Of(_market, outcomes, _options.Baseline), outcomes);
        }
        catch (EvaluationFolderException e)
        {
            throw new CommandException($"--out: {e.Message}", e);
        }
    }

    /// <returns>The report page's path.</returns>
    public string Write(EvaluationReport report) => EvaluationFiles.Write(_folder.Path, report);
}
