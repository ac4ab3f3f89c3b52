using System.Diagnostics;
using System.Globalization;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Output;
using AutoBid.Cli.Simulation;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Gate;

namespace AutoBid.Cli.Evaluation;

/// <summary>Takes one model through the gate: enters the attempt, plays it, decides, and writes verdict.json beside the model.</summary>
internal static class GateEvaluation
{
    /// <exception cref="CommandException">Model, prior or folder cannot be used.</exception>
    public static int Run(CommandHost host, GateOptions options, CancellationToken cancellation)
    {
        using var model = new GatedModel(options.Models, options.Model, options.Threads);
        using var policies = new PolicyResolver(options.Models, threads: options.Threads);
        GateSubject subject = Subject(model, PriorOf(model, options.Prior), policies);
        string folder = options.Folder ?? Path.Combine("data", "gate", model.Name.Replace('/', '-'));
        var ledger = new GateLedger(Path.Combine(options.Models, "gates.json"));
        try
        {
            GateAttempt attempt = ledger.Begin(subject, folder);
            host.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"gate of {model.Name}: seed {attempt.Seed}, results in {folder}"));
            long started = Stopwatch.GetTimestamp();
            (IReadOnlyList<GateReference> references, GateFigures figures) = Play(host, options, new GateRun(options.Protocol, subject, attempt.Seed, folder, options.Threads), cancellation);
            GateDecision decision = GateRule.Decide(options.Protocol, figures.Comparisons);
            GateVerdict verdict = GateVerdict.Of(subject, decision, figures);
            // The verdict first: an attempt that the log calls finished has one.
            verdict.Write(model.Folder);
            ledger.Finish(attempt, decision, figures);
            verdict.Write(folder);
            File.WriteAllText(Path.Combine(folder, "gate.md"), GateText.Markdown(decision, figures));
            if (options.Json is not null) JsonReport.Write(options.Json, verdict);
            GateTables.Write(host.Console, decision, figures);
            host.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"played in {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s on {options.Threads} threads   {Path.Combine(folder, "gate.md")}"));
            return 0;
        }
        catch (Exception e) when (e is EvaluationFolderException or GateException)
        {
            throw new CommandException($"--gate: {e.Message}", e);
        }
    }

    private static (IReadOnlyList<GateReference> References, GateFigures Figures) Play(CommandHost host, GateOptions options, GateRun run, CancellationToken cancellation)
    {
        try
        {
            IReadOnlyList<GateReference> references = ProgressView.RunMeasured(host, "choosing references", progress => run.ChooseReferences(progress, cancellation));
            host.Out.WriteLine($"references: {GateTables.Words(references)}");
            return (references, ProgressView.RunMeasured(host, "gate", progress => run.Play(references, progress, cancellation)));
        }
        catch (OperationCanceledException)
        {
            host.Out.WriteLine($"what was played is kept in {options.Folder ?? "its folder"}; the same command goes on from there");
            throw;
        }
    }

    private static GateSubject Subject(GatedModel model, PriorFile prior, PolicyResolver policies) => new(
        model.Card.Name,
        model.Card.Version,
        new EvaluatedPolicy(model.Name, model.Policy, model.CardSha256),
        model.Card.Hashes,
        [.. GateProtocol.SimplePolicies.Select(name => new EvaluatedPolicy(name, policies.Find(name)))],
        prior);

    private static PriorFile PriorOf(GatedModel model, string? named)
    {
        PriorFile prior = PriorOption.Load(named, PriorOption.AuctionNet)
            ?? throw new CommandException("--gate: a prior is needed, because the reference in TargetFirst has one: name it with --prior", CommandException.Usage);
        if (model.Card.Serving.PriorSha256 is { } wanted && wanted != prior.Sha256)
        {
            throw new CommandException(
                $"--prior: {named ?? PriorOption.AuctionNet} has SHA-256 {prior.Sha256}, the card of {model.Name} names {wanted}", CommandException.Usage);
        }

        return prior;
    }
}
