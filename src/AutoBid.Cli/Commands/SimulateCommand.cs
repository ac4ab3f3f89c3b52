using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Exchange.OpenLoop;
using AutoBid.Cli.Output;
using AutoBid.Cli.Simulation;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Priors;
using AutoBid.Server.Hosting;
using AutoBid.Simulator.Market;
using AutoBid.Simulator.Traffic;
using Spectre.Console;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid simulate</c>: the benchmark's day or a market day in process, or a market day against a running service.</summary>
internal static class SimulateCommand
{
    /// <summary>Mean length of a written row.</summary>
    private const double BytesPerLogRow = 101;

    public static Command Create(CommandHost host)
    {
        Option<ulong> seed = SharedOptions.Seed();
        Option<string> preset = new Option<string>("--preset") { Description = "In process: auctionnet, the benchmark's market, or market, the demo's.", DefaultValueFactory = _ => "auctionnet" }
            .AcceptOnlyFromAmong("auctionnet", "market");
        Option<int> periods = SharedOptions.Number("--periods", "In process: days to play.", 4, 1, 100_000);
        Option<int> lineUp = SharedOptions.Number("--lineup", "In process: number of the line-up of opponents.", 0, 0, int.MaxValue);
        Option<int> opportunities = SharedOptions.Number("--opportunities", "In process: opportunities of a day.", 500_000, 1_000, 10_000_000);
        var budget = new Option<double>("--budget") { Description = "In process: factor on every budget.", HelpName = "FACTOR", DefaultValueFactory = _ => 1 };
        budget.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double factor) && !(factor is >= 0.01 and <= 100))
                result.AddError("--budget: 0.01 to 100");
        });
        Option<string> mode = new Option<string>("--mode") { Description = "In process: which promise wins, SpendFirst or TargetFirst.", DefaultValueFactory = _ => nameof(PacingMode.SpendFirst) }
            .AcceptOnlyFromAmong(nameof(PacingMode.SpendFirst), nameof(PacingMode.TargetFirst));
        var policy = new Option<string?>("--policy") { Description = "Policy to play: of --seats in process (default: the line-up as it is), of every campaign of a market day (default mpc).", HelpName = "NAME" };
        var seats = new Option<string?>("--seats") { Description = "In process: seats that --policy takes over, such as 0,6,12-17 or all (default every sixth).", HelpName = "LIST" };
        var prior = new Option<string?>("--prior") { Description = "In process: population prior file, or none (default: the shipped one of this market).", HelpName = "FILE|none" };
        var noOracle = new Option<bool>("--no-oracle") { Description = "In process: do not compute S*; faster, without shares of it." };
        var log = new Option<string?>("--log") { Description = "In process: write every opportunity of every seat to this file (.gz: compressed), for replay; a full day is 24 million rows, 2.4 GB.", HelpName = "FILE" };
        var target = new Option<string?>("--target") { Description = "Be the exchange of a running service: one market day over HTTP under a virtual clock that starts at 2026-01-05T00:00:00Z, or see --clock wall.", HelpName = "URL" };
        var apiKey = new Option<string?>("--api-key") { Description = "With --target: API key (or AUTOBID_API_KEY).", HelpName = "KEY" };
        Option<TimeSpan> tick = SharedOptions.Tick(TimeSpan.FromMinutes(10));
        tick.Description = "Market day: the control tick.";
        Option<int> steps = SharedOptions.Number("--steps", "Market day: steps of 30 minutes to play.", 48, 1, 48);
        Option<int> requests = SharedOptions.Number("--requests-per-step", "Market day: mean number of bid requests per step.", 1_000, 1, 100_000);
        Option<string?> json = SharedOptions.Json();
        var openLoop = new OpenLoopCommandLine();
        var command = new Command("simulate", "Auctions with agents: days of the benchmark's market in process, or one day against a running service.")
        {
            preset, seed, periods, lineUp, opportunities, budget, mode, policy, seats, prior, noOracle, log, target, apiKey, tick, steps, requests, json,
        };
        openLoop.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string? url = parsed.GetValue(target);
            if (openLoop.IsWallClock(parsed, url))
            {
                using ServiceClient service = Connect(url!, parsed.GetValue(apiKey) ?? host.Environment("AUTOBID_API_KEY"));
                return await openLoop.RunAsync(
                    host, parsed, service, new MarketOptions(), parsed.GetValue(seed), parsed.GetValue(policy) ?? "mpc", parsed.GetValue(json), cancellation);
            }

            if (url is not null || parsed.GetValue(preset) == "market")
            {
                if (parsed.GetValue(log) is not null) throw new CommandException("--log: the auctions of --target are the service's; there is no such log", CommandException.Usage);
                var run = new MarketRunOptions
                {
                    Seed = parsed.GetValue(seed),
                    Policy = parsed.GetValue(policy) ?? "mpc",
                    Tick = parsed.GetValue(tick),
                    Steps = parsed.GetValue(steps),
                    RequestsPerStep = parsed.GetValue(requests),
                    Events = url ?? "",
                };
                RunReport report = url is null
                    ? await MarketSimulation.PlayAsync(run, parsed.GetValue(prior), host.RunView(), cancellation)
                    : await AgainstServiceAsync(host, url, parsed.GetValue(apiKey) ?? host.Environment("AUTOBID_API_KEY"), run, cancellation);
                return DemoCommand.Finish(host, report, parsed.GetValue(json));
            }

            using var policies = new PolicyResolver(Installation.Models);
            var options = new SimulationOptions
            {
                Seed = parsed.GetValue(seed),
                Periods = parsed.GetValue(periods),
                LineUp = parsed.GetValue(lineUp),
                Opportunities = parsed.GetValue(opportunities),
                BudgetFactor = parsed.GetValue(budget),
                Mode = Enum.Parse<PacingMode>(parsed.GetValue(mode)!),
                Policy = parsed.GetValue(policy) is { } name ? policies.Find(name) : null,
                Prior = PriorOf(parsed.GetValue(prior)),
                Oracle = !parsed.GetValue(noOracle),
                LogFile = parsed.GetValue(log),
            };
            if (parsed.GetValue(seats) is { } list) options = options with { Seats = ParseSeats(list) };
            // Off the caller's thread, so that an interrupt is seen while auctions run.
            SimulationReport simulated = await Task.Run(() => InProcess(host, options, cancellation), CancellationToken.None);
            if (parsed.GetValue(json) is { } path) JsonReport.Write(path, simulated);
            return 0;
        });
        return command;
    }

    /// <summary>Seat numbers of a list such as <c>0,6,12-17</c> or <c>all</c>.</summary>
    /// <exception cref="CommandException">Not such a list.</exception>
    internal static IReadOnlyList<int> ParseSeats(string list)
    {
        if (list == "all") return [.. Enumerable.Range(0, AuctionNetSeats.Count)];
        var seats = new SortedSet<int>();
        foreach (string part in list.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !TrySeat(ends[0], out int first) || !TrySeat(ends[^1], out int last) || last < first)
                throw new CommandException($"--seats: '{part}' is not a seat 0 to {AuctionNetSeats.Count - 1} or a range of them", CommandException.Usage);
            for (int seat = first; seat <= last; seat++) seats.Add(seat);
        }

        return [.. seats];
    }

    private static bool TrySeat(string text, out int seat)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seat) && seat < AuctionNetSeats.Count;

    /// <summary>The prior of a file; null: none. Without a name the shipped one, where there is one.</summary>
    /// <exception cref="CommandException">The file cannot be used.</exception>
    internal static PopulationPrior? PriorOf(string? named)
    {
        if (named == "none") return null;
        string path = named ?? Path.Combine(Installation.Home, "policies", "priors", "auctionnet.json");
        if (named is null && !File.Exists(path)) return null;
        try
        {
            return PriorFile.Load(path).ToPrior();
        }
        catch (PriorFileException e)
        {
            throw new CommandException($"--prior: {e.Message}", e, CommandException.Usage);
        }
    }

    private static async Task<RunReport> AgainstServiceAsync(CommandHost host, string url, string? apiKey, MarketRunOptions run, CancellationToken cancellation)
    {
        using ServiceClient client = Connect(url, apiKey);
        await using var market = new HttpMarket(client, run.Play, cancellation);
        return await new MarketRun(run, market).PlayAsync(host.RunView(), cancellation);
    }

    private static ServiceClient Connect(string url, string? apiKey)
        => Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            ? new ServiceClient(address, apiKey)
            : throw new CommandException($"--target: '{url}' is not an http or https address", CommandException.Usage);

    private static SimulationReport InProcess(CommandHost host, SimulationOptions options, CancellationToken cancellation)
    {
        if (options.LogFile is { } log)
        {
            double rows = (double)options.Opportunities * options.Periods * AuctionNetSeats.Count;
            host.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{log}: {rows / 1e6:0.#} million rows, about {rows * BytesPerLogRow / 1e6:N0} MB before compression"));
        }

        SimulationReport report = ProgressView.Run(host, "periods", options.Periods, played => new AuctionNetSimulation(options).Play(played, cancellation));
        Table table = new Table().Border(TableBorder.Simple).AddColumn("policy");
        foreach (string column in (string[])["seats", "score", "realised", "% of S*", "CPA kept", "spent"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (PolicyScore score in report.Policies)
        {
            table.AddRow(
                Markup.Escape(score.Policy), Figures.Count(score.Seats), Figures.Ratio(score.Expected), Figures.Ratio(score.Realised),
                score.ShareOfOracle is { } share ? Figures.Percent(share) : "-", Figures.Percent(score.CpaValidity), Figures.Percent(score.SpentShare));
        }

        host.Console.Write(table);
        host.Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"line-up {report.LineUp}   mode {report.Mode}   seed {report.Seed}   {report.Periods} periods of {report.OpportunitiesPerPeriod:N0} opportunities   {report.SecondsPerPeriod:0.00} s a period"));
        return report;
    }
}
