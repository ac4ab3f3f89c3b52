using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using AutoBid.Cli.Evaluation;
using AutoBid.Cli.Output;
using AutoBid.Cli.Simulation;
using AutoBid.Core.Campaigns;
using AutoBid.Server.Hosting;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Settings;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid evaluate</c>: policies x budgets x periods x modes against S*, in tables and a page.</summary>
internal static class EvaluateCommand
{
    public static Command Create(CommandHost host)
    {
        var policy = new Option<string[]>("--policy") { Description = "Policy to evaluate, repeat for more; of models also NAME/VERSION and NAME@FOLDER, a registry of its own.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
        var budget = new Option<double[]>("--budget")
        {
            Description = "Factor on a candidate's budget; repeat for more.",
            HelpName = "FACTOR",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [0.5, 0.75, 1, 1.25, 1.5],
        };
        budget.Validators.Add(CheckBudgets);
        Option<int> periods = SharedOptions.Number("--periods", "Days to play, the replicates of every interval.", 20, 1, 100_000);
        Option<int> first = SharedOptions.Number("--first-period", "Number of the first day; training data of the same seed use low numbers.", 1000, 0, 1_000_000);
        var lineUp = new Option<string[]>("--lineup") { Description = $"Line-up of rivals: {LineUps.Grammar}; several take the days in turn.", HelpName = "NAME", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["mixed-100"] };
        Option<string[]> mode = new Option<string[]>("--mode") { Description = "Which promise wins (default both).", HelpName = "MODE", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => Enum.GetNames<PacingMode>() }
            .AcceptOnlyFromAmong(Enum.GetNames<PacingMode>());
        Option<string> path = new Option<string>("--path") { Description = "frozen: rivals bid as they did; full: they react, the day is played again; both: and the gap.", DefaultValueFactory = _ => "frozen" }
            .AcceptOnlyFromAmong("frozen", "full", "both");
        Option<int> together = SharedOptions.Number("--seats-together", "Full path: seats that a policy takes over at a time, evenly spaced; 1: each by itself, 48: self-play.", 8, 1, AuctionNetSeats.Count);
        together.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out int seats) && seats > 0 && AuctionNetSeats.Count % seats != 0)
                result.AddError($"--seats-together: {seats} does not divide {AuctionNetSeats.Count}");
        });
        var settings = new SettingOptions();
        var models = new Option<string?>("--models") { Description = "Model registry, such as one of candidates (default policies/models of the repository).", HelpName = "FOLDER" };
        Option<string> device = new Option<string>("--device") { Description = "Where models run; rivals' too.", DefaultValueFactory = _ => "cpu" }.AcceptOnlyFromAmong("cpu", "cuda");
        Option<ulong> seed = SharedOptions.Seed();
        Option<string> preset = new Option<string>("--preset") { Description = "The market.", DefaultValueFactory = _ => AuctionPreset.AuctionNet.Name }
            .AcceptOnlyFromAmong([.. AuctionPreset.All.Select(known => known.Name)]);
        Option<int> opportunities = SharedOptions.Number("--opportunities", "Opportunities of a day.", 500_000, 1_000, 10_000_000);
        var noGuard = new Option<bool>("--no-guard") { Description = "No guard behind any policy." };
        Option<int> threads = SharedOptions.Number("--threads", "Threads; results do not depend on them.", Environment.ProcessorCount, 1, 64);
        var folder = new Option<string>("--out") { Description = "Folder of the results; a run that was stopped goes on in it.", HelpName = "FOLDER", DefaultValueFactory = _ => Path.Combine("data", "evaluation") };
        var baseline = new Option<string?>("--baseline") { Description = "Policy that differences are taken to (default: in each table the best one without a model).", HelpName = "NAME" };
        var fresh = new Option<bool>("--fresh") { Description = "Throw away what the folder holds." };
        Option<string?> json = SharedOptions.Json();
        var gate = new Option<string?>("--gate") { Description = "Judge a model by the fixed protocol and write its verdict; takes --prior, --threads, --out, --json only.", HelpName = "NAME[/VERSION]" };
        var command = new Command("evaluate", "Policies x budgets x days x modes on the benchmark's market: scores against the best constant in hindsight, with intervals, tables and a page.")
        {
            policy, budget, periods, first, lineUp, mode, path, together, settings.Unknown, models, device, seed, settings.Prior, preset, opportunities, noGuard, settings.Shift, threads, folder, baseline, fresh, json, gate,
        };
        command.Validators.Add(result => CheckGate(result, command, gate, policy, [gate, settings.Prior, threads, folder, json]));
        command.SetAction((parsed, cancellation) =>
        {
            if (parsed.GetValue(gate) is { } model)
            {
                var judged = new GateOptions
                {
                    Model = model,
                    Models = Installation.Models,
                    Prior = settings.OnePrior(parsed),
                    Threads = parsed.GetValue(threads),
                    Folder = parsed.GetResult(folder) is { Implicit: false } ? parsed.GetValue(folder) : null,
                    Json = parsed.GetValue(json),
                };
                return Task.Run(() => GateEvaluation.Run(host, judged, cancellation), CancellationToken.None);
            }

            var options = new EvaluationOptions
            {
                Policies = Once("--policy", parsed.GetValue(policy)!),
                Budgets = [.. Once("--budget", parsed.GetValue(budget)!).Order()],
                Periods = parsed.GetValue(periods),
                FirstPeriod = parsed.GetValue(first),
                LineUps = Once("--lineup", parsed.GetValue(lineUp)!),
                Modes = [.. Once("--mode", parsed.GetValue(mode)!).Select(Enum.Parse<PacingMode>).OrderDescending()],
                Paths = parsed.GetValue(path) switch { "frozen" => [EvaluationPath.Frozen], "full" => [EvaluationPath.Full], _ => [EvaluationPath.Frozen, EvaluationPath.Full] },
                SeatsTogether = parsed.GetValue(together),
                Seed = parsed.GetValue(seed),
                Preset = PresetOf(parsed.GetValue(preset)!, parsed.GetValue(opportunities)),
                Guard = !parsed.GetValue(noGuard),
                Threads = parsed.GetValue(threads),
                Folder = parsed.GetValue(folder)!,
                Baseline = parsed.GetValue(baseline),
                Fresh = parsed.GetValue(fresh),
            };
            IReadOnlyList<EvaluationOptions> evaluations = settings.Expand(options, parsed);
            // Off the caller's thread, so that an interrupt is seen while auctions run.
            return Task.Run(() => Evaluate(host, options, evaluations, ModelsOf(parsed.GetValue(models)), parsed.GetValue(device)!, parsed.GetValue(json), cancellation), CancellationToken.None);
        });
        return command;
    }

    private static int Evaluate(
        CommandHost host, EvaluationOptions options, IReadOnlyList<EvaluationOptions> evaluations, string models, string device, string? json, CancellationToken cancellation)
    {
        using var policies = new PolicyResolver(models, device, options.Threads);
        var evaluation = new EvaluationSuite(options.Folder, evaluations, policies);
        (int finished, int all) = evaluation.Progress;
        if (finished > 0) host.Out.WriteLine($"{options.Folder} holds {finished} of {all} results; going on");
        long started = Stopwatch.GetTimestamp();
        IReadOnlyList<SettingResult> results;
        try
        {
            results = ProgressView.RunMeasured(host, "evaluation", progress => evaluation.Run(progress, cancellation));
        }
        catch (OperationCanceledException)
        {
            host.Out.WriteLine($"{evaluation.Progress.Finished} of {all} results are kept in {options.Folder}; the same command goes on from there");
            throw;
        }

        string page = Path.Combine(options.Folder, "report.html");
        if (results.Count == 1)
        {
            EvaluationTables.Write(host.Console, results[0].Report);
            if (json is not null) JsonReport.Write(json, results[0].Report);
        }
        else
        {
            (SettingComparison comparison, page) = evaluation.Compare(results);
            EvaluationTables.Write(host.Console, comparison);
            if (json is not null) JsonReport.Write(json, comparison);
        }

        host.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{all - finished} results played in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s on {options.Threads} threads   {page}"));
        return 0;
    }

    // Whatever changes what a gate plays would make its verdict another gate's: every option that is not known to be harmless is refused with it.
    private static void CheckGate(CommandResult result, Command command, Option gate, Option policy, Option[] allowed)
    {
        if (result.GetResult(gate) is null)
        {
            if (result.GetResult(policy) is null) result.AddError("--policy is needed, or --gate");
        }
        else if (command.Options.FirstOrDefault(option => !allowed.Contains(option) && result.GetResult(option) is { Implicit: false }) is { } changing)
        {
            result.AddError($"--gate: {changing.Name} would change its protocol; it takes --prior, --threads, --out and --json only");
        }
    }

    private static AuctionPreset PresetOf(string name, int opportunities)
    {
        AuctionPreset preset = AuctionPreset.Find(name)!;
        return preset with { Traffic = preset.Traffic with { OpportunitiesPerPeriod = opportunities } };
    }

    private static void CheckBudgets(OptionResult result)
    {
        foreach (Token token in result.Tokens)
        {
            if (double.TryParse(token.Value, CultureInfo.InvariantCulture, out double factor) && !(factor is >= 0.01 and <= 100))
                result.AddError("--budget: 0.01 to 100");
        }
    }

    private static T[] Once<T>(string option, T[] values)
    {
        if (values.GroupBy(value => value).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"{option}: {twice.Key} is given twice"), CommandException.Usage);
        return values;
    }

    private static string ModelsOf(string? folder)
    {
        if (folder is not null && !Directory.Exists(folder)) throw new CommandException($"--models: there is no folder '{folder}'", CommandException.Usage);
        return folder ?? Installation.Models;
    }
}
