using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Output;
using AutoBid.Cli.Replay;
using AutoBid.Cli.Simulation;
using AutoBid.Core.Campaigns;
using AutoBid.Policies.Contracts;
using AutoBid.Server.Hosting;
using AutoBid.Simulator.Replay;
using Spectre.Console;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid replay</c>: logs replayed offline, policies x budget factors in one table against two oracles.</summary>
internal static class ReplayCommand
{
    private static readonly string[] StandardPolicies = ["constant", "pid", "mpc"];

    public static Command Create(CommandHost host)
    {
        var files = new Argument<string[]>("file") { Description = "Logs, plain or gzip, in order of time.", Arity = ArgumentArity.OneOrMore };
        var policies = new Option<string[]>("--policy") { Description = "Policy to replay; may be repeated: constant, pid, mpc or a model of the registry (default: the first three).", HelpName = "NAME" };
        var factors = new Option<double[]>("--budget-factor") { Description = "Factor on every key's own budget; may be repeated (default 1).", HelpName = "X" };
        factors.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (double.TryParse(token.Value, CultureInfo.InvariantCulture, out double factor) && !(factor is >= 0.01 and <= 100)) result.AddError("--budget-factor: 0.01 to 100");
            }
        });
        Option<string> mode = new Option<string>("--mode") { Description = "Which promise wins, SpendFirst or TargetFirst.", DefaultValueFactory = _ => nameof(PacingMode.SpendFirst) }
            .AcceptOnlyFromAmong(nameof(PacingMode.SpendFirst), nameof(PacingMode.TargetFirst));
        Option<string?> prior = PriorOption.Create("Population prior file, or none (default: the shipped one for auction logs, none for plain ones).");
        Option<ulong> seed = SharedOptions.Seed();
        Option<string?> json = SharedOptions.Json();
        var bidLog = new BidLogArguments();
        var command = new Command("replay", "Replays auction logs, or plain bid logs (--time ...), offline: what policies would have won, paid and converted at the logged prices.")
        {
            files, policies, factors, mode, prior, seed, json,
        };
        bidLog.AddTo(command);
        // Off the caller's thread, so that an interrupt is seen while rows are read.
        command.SetAction((parsed, cancellation) => Task.Run(
            () =>
            {
                using var resolver = new PolicyResolver(Installation.Models);
                BidLogOptions? plain = bidLog.Read(parsed);
                string[] names = parsed.GetValue(policies) is { Length: > 0 } named ? named : StandardPolicies;
                IBidPolicy[] found = [.. names.Distinct(StringComparer.Ordinal).Select(resolver.Find)];
                var request = new ReplayRequest
                {
                    Files = parsed.GetValue(files)!,
                    BidLog = plain,
                    Options = new ReplayOptions
                    {
                        Policies = found,
                        BudgetFactors = parsed.GetValue(factors) is { Length: > 0 } list ? [.. list.Distinct()] : [1],
                        Mode = Enum.Parse<PacingMode>(parsed.GetValue(mode)!),
                        // The shipped prior describes the benchmark's market, not the one that a plain log comes from.
                        Prior = PriorOption.Load(parsed.GetValue(prior) ?? (plain is null ? null : "none"), PriorOption.AuctionNet)?.ToPrior(),
                        Seed = parsed.GetValue(seed),
                        Threads = Environment.ProcessorCount,
                    },
                };
                return Play(host, request, parsed.GetValue(json), cancellation);
            },
            CancellationToken.None));
        return command;
    }

    private static int Play(CommandHost host, ReplayRequest request, string? json, CancellationToken cancellation)
    {
        var run = new ReplayRun(request);
        ReplayReport report = ProgressView.Run(host, "MB", run.Megabytes(), read => run.Play(read, cancellation));
        Table table = new Table().Border(TableBorder.Simple).AddColumn("policy");
        foreach (string column in (string[])["budget", "keys", "score", "realised", "% of S*", "% of knapsack", "conversions", "expected", "cost", "CPA", "spent", "CPA kept"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (ReplaySummary line in report.Scores)
        {
            table.AddRow(
                Markup.Escape(line.Policy), $"x {Figures.Ratio(line.BudgetFactor)}", Figures.Count(line.Keys), Figures.Ratio(line.Expected), Figures.Ratio(line.Realised),
                Share(line.ShareOfOracle), Share(line.ShareOfKnapsack), line.Conversions is { } count ? Figures.Count(count) : "-", Figures.Ratio(line.ExpectedConversions),
                line.Cost.ToString("#,##0.00", CultureInfo.InvariantCulture), Figures.Ratio(line.Cpa), Figures.Percent(line.SpentShare), Figures.Percent(line.CpaValidity));
        }

        host.Console.Write(table);
        host.Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Keys:N0} keys, {report.Rows:N0} rows, {report.Bytes / 1e6:N0} MB in {report.Seconds:0.0} s   mode {report.Mode}   seed {report.Seed}   prior {(report.Prior ? "yes" : "no")}"));
        host.Console.WriteLine("score: mean per key, on expected (realised) conversions; S*: best constant in hindsight; knapsack: upper bound at the logged prices");
        if (json is not null) JsonReport.Write(json, report);
        return 0;
    }

    private static string Share(double? share) => share is { } known ? Figures.Percent(known) : "-";
}
