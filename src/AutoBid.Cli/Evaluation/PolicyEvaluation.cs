using System.Security.Cryptography;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Simulation;
using AutoBid.Core.Guarding;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Priors;
using AutoBid.Server.Hosting;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
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
            Policies = [.. options.Policies.Select(name => Named(name, policies.Find(name)))],
            BudgetFactors = options.Budgets,
            Modes = options.Modes,
            Paths = options.Paths,
            Knowledge = options.Knowledge,
            Preset = options.Preset,
            Guard = options.Guard ? new GuardOptions() : null,
            Prior = prior,
            Shift = options.Shift?.Name,
            SeatsTogether = options.SeatsTogether,
        };
        var factory = new LineUpFactory(options.Seed, prior?.ToPrior());
        try
        {
            _market = new EvaluationMarket(plan, (name, mode) => LineUps.Parse(name, factory, policies, AuctionNetSeats.All, mode), options.Shift is { } shift ? setup => shift.Apply(setup) : null);
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
    public EvaluationReport Run(Action<double, double> progress, CancellationToken cancellation)
    {
        try
        {
            return EvaluationAnalysis.Of(_market, new EvaluationRun(_market, _folder, _options.Threads).Play(progress, cancellation), _options.Baseline);
        }
        catch (EvaluationFolderException e)
        {
            throw new CommandException($"--out: {e.Message}", e);
        }
    }

    /// <returns>The report page's path.</returns>
    public string Write(EvaluationReport report) => EvaluationFiles.Write(_folder.Path, report);

    private static EvaluatedPolicy Named(string name, IBidPolicy policy)
    {
        // A card names the hash of every file of its model.
        string card = Path.Combine(Installation.Models, policy.Model, "card.json");
        bool isModel = policy.Model != policy.Name && File.Exists(card);
        return new EvaluatedPolicy(name, policy, isModel ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(card))) : null);
    }
}
