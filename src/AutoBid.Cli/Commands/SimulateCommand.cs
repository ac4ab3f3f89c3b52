using System.CommandLine;
using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Exchange.OpenLoop;
using AutoBid.Cli.Output;
using AutoBid.Cli.Simulation;
using AutoBid.Simulator.Market;
using AutoBid.Simulator.Periods;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid simulate</c>: the benchmark's day or a market day in process, or a market day against a running service.</summary>
internal static class SimulateCommand
{
    private const string Market = "market";

    public static Command Create(CommandHost host)
    {
        Option<ulong> seed = SharedOptions.Seed();
        Option<string> preset = new Option<string>("--preset") { Description = "In process: the market to play; market is the demo's, the others are the benchmark's auctions.", DefaultValueFactory = _ => AuctionPreset.AuctionNet.Name }
            .AcceptOnlyFromAmong([.. AuctionPreset.All.Select(known => known.Name), Market]);
        var policy = new Option<string?>("--policy") { Description = "Policy to play: of --seats in process (default: the line-up as it is), of every campaign of a market day (default: the model whose verdict is default, else mpc).", HelpName = "NAME" };
        Option<string?> prior = PriorOption.Create("In process: population prior file, or none (default: the shipped one of this market).");
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
            preset, seed, policy, prior, target, apiKey, tick, steps, requests, json,
        };
        var auctionNet = new AuctionNetArguments();
        auctionNet.AddTo(command);
        openLoop.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            string? url = parsed.GetValue(target);
            if (openLoop.IsWallClock(parsed, url))
            {
                using ServiceClient service = Connect(url!, parsed.GetValue(apiKey) ?? host.Environment("AUTOBID_API_KEY"));
                return await openLoop.RunAsync(
                    host, parsed, service, new MarketOptions(), parsed.GetValue(seed), parsed.GetValue(policy), parsed.GetValue(json), cancellation);
            }

            if (url is not null || parsed.GetValue(preset) == Market)
            {
                if (auctionNet.WritesLog(parsed)) throw new CommandException("--log: the auctions of --target are the service's; there is no such log", CommandException.Usage);
                var run = new MarketRunOptions
                {
                    Seed = parsed.GetValue(seed),
                    Policy = parsed.GetValue(policy),
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

            return await auctionNet.RunAsync(
                host, parsed, AuctionPreset.Find(parsed.GetValue(preset)!)!, parsed.GetValue(seed), parsed.GetValue(policy), parsed.GetValue(prior), parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static async Task<RunReport> AgainstServiceAsync(CommandHost host, string url, string? apiKey, MarketRunOptions run, CancellationToken cancellation)
    {
        using ServiceClient client = Connect(url, apiKey);
        if (await client.IsVirtualAsync(cancellation) == false)
            throw new CommandException($"the clock of {client.Address} is the wall clock: add --clock wall, or start the service with --clock virtual");
        await using var market = new HttpMarket(client, run.Play, cancellation);
        return await new MarketRun(run, market).PlayAsync(host.RunView(), cancellation);
    }

    /// <exception cref="CommandException">Not an address.</exception>
    internal static ServiceClient Connect(string url, string? apiKey)
        => Uri.TryCreate(url, UriKind.Absolute, out Uri? address) && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
            ? new ServiceClient(address, apiKey)
            : throw new CommandException($"--target: '{url}' is not an http or https address", CommandException.Usage);
}
