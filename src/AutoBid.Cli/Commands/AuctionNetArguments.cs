using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Output;
using AutoBid.Cli.Simulation;
using AutoBid.Core.Campaigns;
using AutoBid.Server.Hosting;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;
using Spectre.Console;

namespace AutoBid.Cli.Commands;

/// <summary>Arguments of <c>autobid simulate</c> for days that are played step by step in process, and what it prints about them.</summary>
internal sealed class AuctionNetArguments
{
    /// <summary>Mean length of a row of the log.</summary>
    private const double BytesPerLogRow = 101;

    private readonly Option<int> _periods = SharedOptions.Number("--periods", "In process: days to play.", 4, 1, 100_000);
    private readonly Option<string> _lineUp = new("--lineup") { Description = $"In process: who plays where: {LineUps.Grammar}.", HelpName = "LINEUP", DefaultValueFactory = _ => "mixed-0" };
    private readonly Option<int> _opportunities = SharedOptions.Number("--opportunities", "In process: opportunities of a day.", 500_000, 1_000, 10_000_000);
    private readonly Option<double> _budget = new("--budget") { Description = "In process: factor on every budget.", HelpName = "FACTOR", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _mode = new Option<string>("--mode") { Description = "In process: which promise wins, SpendFirst or TargetFirst.", DefaultValueFactory = _ => nameof(PacingMode.SpendFirst) }
        .AcceptOnlyFromAmong(Enum.GetNames<PacingMode>());
    private readonly Option<string?> _seats = new("--seats") { Description = "In process: seats that --policy takes over, such as 0,6,12-17 or all (default every sixth).", HelpName = "LIST" };
    private readonly Option<bool> _noOracle = new("--no-oracle") { Description = "In process: do not compute S*; faster, without shares of it." };
    private readonly Option<bool> _bounds = new("--bounds") { Description = "In process: beside S*, the marginal-price and the leastWinningCost oracle." };
    private readonly Option<int> _threads = SharedOptions.Number("--threads", "In process: threads; results do not depend on them.", Environment.ProcessorCount, 1, 64);
    private readonly Option<string?> _log = new("--log")
    {
        Description = "In process: write every opportunity of every seat to this file (.gz: compressed), for replay; a full day is 24 million rows, 2.4 GB.",
        HelpName = "FILE",
    };

    public AuctionNetArguments()
    {
        _budget.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double factor) && !(factor is >= 0.01 and <= 100))
                result.AddError("--budget: 0.01 to 100");
        });
    }

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_periods, _lineUp, _opportunities, _budget, _mode, _seats, _noOracle, _bounds, _threads, _log]) command.Add(option);
    }

    /// <summary>Whether a log was asked for, which only these days have.</summary>
    public bool WritesLog(ParseResult parsed) => parsed.GetValue(_log) is not null;

    /// <exception cref="CommandException">A name or a file cannot be used.</exception>
    public async Task<int> RunAsync(CommandHost host, ParseResult parsed, AuctionPreset preset, ulong seed, string? policy, string? prior, string? json, CancellationToken cancellation)
    {
        using var policies = new PolicyResolver(Installation.Models, threads: parsed.GetValue(_threads));
        var options = new SimulationOptions
        {
            Seed = seed,
            Preset = preset with { Traffic = preset.Traffic with { OpportunitiesPerPeriod = parsed.GetValue(_opportunities) } },
            Periods = parsed.GetValue(_periods),
            LineUp = parsed.GetValue(_lineUp)!,
            BudgetFactor = parsed.GetValue(_budget),
            Mode = Enum.Parse<PacingMode>(parsed.GetValue(_mode)!),
            Policy = policy is null ? null : policies.Find(policy),
            Prior = PriorOption.Load(prior, PriorOption.AuctionNet)?.ToPrior(),
            Oracle = !parsed.GetValue(_noOracle),
            Bounds = parsed.GetValue(_bounds) && !parsed.GetValue(_noOracle),
            LogFile = parsed.GetValue(_log),
            Threads = parsed.GetValue(_threads),
        };
        if (parsed.GetValue(_seats) is { } list) options = options with { Seats = LineUps.ParseSeats(list) };
        // Off the caller's thread, so that an interrupt is seen while auctions run.
        SimulationReport report = await Task.Run(() => Play(host, options, policies, cancellation), CancellationToken.None);
        if (json is not null) JsonReport.Write(json, report);
        return 0;
    }

    private static SimulationReport Play(CommandHost host, SimulationOptions options, PolicyResolver policies, CancellationToken cancellation)
    {
        if (options.LogFile is { } log)
        {
            double rows = (double)options.Preset.Traffic.OpportunitiesPerPeriod * options.Periods * AuctionNetSeats.Count;
            host.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{log}: {rows / 1e6:0.#} million rows, about {rows * BytesPerLogRow / 1e6:N0} MB before compression"));
        }

        SimulationReport report = ProgressView.Run(host, "periods", options.Periods, played => new AuctionNetSimulation(options, policies).Play(played, cancellation));
        Table table = new Table().Border(TableBorder.Simple).AddColumn("policy");
        foreach (string column in (string[])["seats", "score", "realised", "% of S*", "CPA kept", "spent"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (PolicyScore score in report.Policies)
        {
            table.AddRow(
                Markup.Escape(score.Policy), Figures.Count(score.Seats), Figures.Ratio(score.Expected), Figures.Ratio(score.Realised),
                score.ShareOfOracle is { } share ? Figures.Percent(share) : "-", Figures.Percent(score.CpaValidity), Figures.Percent(score.SpentShare));
        }

        host.Console.Write(table);
        if (report.Oracles is { } oracles)
        {
            host.Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"oracles over {oracles.Keys} seats, of S*: marginal-price {oracles.MarginalPriceShare:0.000}, leastWinningCost {oracles.LeastWinningCostShare:0.000} (out of reach: exposure taken as certain)"));
        }

        host.Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"preset {report.Preset}   line-up {report.LineUp}   mode {report.Mode}   seed {report.Seed}   {report.Periods} periods of {report.OpportunitiesPerPeriod:N0} opportunities   {report.SecondsPerPeriod:0.00} s a period"));
        return report;
    }
}
