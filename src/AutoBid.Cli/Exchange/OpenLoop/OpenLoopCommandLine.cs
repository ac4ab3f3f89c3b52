using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Output;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>The options of <c>simulate --target URL --clock wall</c>, and the run behind them.</summary>
internal sealed class OpenLoopCommandLine
{
    private const string KafkaPrefix = "kafka:";

    private readonly Option<string> _clock = new Option<string>("--clock")
    {
        Description = "With --target: the service's clock; virtual plays a day step by step, wall is an exchange at a rate.",
        DefaultValueFactory = _ => "virtual",
    }.AcceptOnlyFromAmong("virtual", "wall");

    private readonly Option<double> _rate = Positive("--rate", "REQUESTS/S", "Wall clock: bid requests a second.", 200, 100_000);
    private readonly Option<double> _seconds = Positive("--seconds", "S", "Wall clock: how long requests are sent.", 10, 86_400);
    private readonly Option<double?> _speed = new("--speed") { Description = "Wall clock: conversions follow so many times faster than in the market (default: as if the run were a day).", HelpName = "FACTOR" };
    private readonly Option<int> _connections = SharedOptions.Number("--connections", "Wall clock: most bid requests in flight.", 64, 1, 4_096);
    private readonly Option<string> _conversions = new("--conversions") { Description = "Wall clock: how conversions reach the service.", HelpName = "http|kafka:HOST:PORT", DefaultValueFactory = _ => "http" };
    private readonly Option<string?> _topicPrefix = new("--topic-prefix") { Description = "Wall clock, kafka: the service's topic prefix.", HelpName = "TEXT" };
    private readonly Option<bool> _keep = new("--keep-campaigns") { Description = "Wall clock: use the market's campaigns that are there." };

    private readonly Option<string> _arrivals = new Option<string>("--arrivals") { Description = "Wall clock: poisson or constant.", DefaultValueFactory = _ => "poisson" }
        .AcceptOnlyFromAmong("poisson", "constant");

    public OpenLoopCommandLine()
    {
        _speed.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double speed) && !(speed is >= 1 and <= 1e6)) result.AddError("--speed: 1 to 1000000");
        });
        _conversions.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.Tokens[0].Value is var way && way != "http" && !(way.StartsWith(KafkaPrefix, StringComparison.Ordinal) && way.Length > KafkaPrefix.Length))
                result.AddError($"--conversions: '{way}' is neither http nor kafka:HOST:PORT");
        });
    }

    private IEnumerable<Option> OfWallClock => [_rate, _seconds, _arrivals, _connections, _speed, _conversions, _topicPrefix, _keep];

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_clock, .. OfWallClock]) command.Add(option);
    }

    /// <summary>Whether the wall clock is asked for.</summary>
    /// <exception cref="CommandException">Options of the wall clock without it, or it without a service.</exception>
    public bool IsWallClock(ParseResult parsed, string? target)
    {
        if (parsed.GetValue(_clock) != "wall")
        {
            if (OfWallClock.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } stray) throw new CommandException($"{stray.Name} needs --clock wall", CommandException.Usage);
            return false;
        }

        return target is not null ? true : throw new CommandException("--clock wall needs --target", CommandException.Usage);
    }

    /// <summary>Plays, shows and stores the report. 1 when something happened that must not.</summary>
    public async Task<int> RunAsync(CommandHost host, ParseResult parsed, ServiceClient service, MarketOptions market, ulong seed, string? policy, string? json, CancellationToken cancellation)
    {
        string conversions = parsed.GetValue(_conversions)!;
        var length = TimeSpan.FromSeconds(parsed.GetValue(_seconds));
        var options = new OpenLoopOptions
        {
            Market = market,
            Seed = seed,
            Policy = policy,
            Rate = parsed.GetValue(_rate),
            Length = length,
            // A short run is not all warm-up.
            WarmUp = TimeSpan.FromSeconds(Math.Min(1, length.TotalSeconds / 10)),
            Arrivals = Enum.Parse<Arrivals>(parsed.GetValue(_arrivals)!, ignoreCase: true),
            Connections = parsed.GetValue(_connections),
            Speed = parsed.GetValue(_speed),
            KeepCampaigns = parsed.GetValue(_keep),
            Kafka = conversions == "http" ? null : conversions[KafkaPrefix.Length..],
            TopicPrefix = parsed.GetValue(_topicPrefix) ?? "",
            Run = string.Create(CultureInfo.InvariantCulture, $"run{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}"),
        };
        LiveReport report = await new LiveRun(options, service, host.Out).PlayAsync(cancellation);
        LiveTables.Write(host.Console, report);
        if (json is not null) JsonReport.Write(json, report);
        if (report.Problems.Count == 0) return 0;
        await host.Error.WriteLineAsync($"autobid: {report.Problems.Count} checks failed, first: {report.Problems[0]}");
        return CommandException.Failed;
    }

    private static Option<double> Positive(string name, string help, string description, double standard, double most)
    {
        var option = new Option<double>(name) { Description = description, HelpName = help, DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out double number) && !(number >= 0.1 && number <= most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name}: 0.1 to {most}"));
        });
        return option;
    }
}
