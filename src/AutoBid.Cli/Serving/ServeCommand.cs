using System.CommandLine;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Serving;

/// <summary><c>autobid serve</c>.</summary>
internal static class ServeCommand
{
    /// <summary>Start of the one line on standard output that says the service is ready; the address follows.</summary>
    public const string ReadyPrefix = "autobid ready on ";

    /// <summary>Hidden: stop when standard input ends, so that a child does not outlive its parent.</summary>
    public const string StopWithInputOption = "--stop-with-input";

    private static readonly (string Name, string Value, string Description)[] Texts =
    [
        ("urls", "URLS", "Addresses to listen on, with ';' between (default http://127.0.0.1:8080). Without API keys only loopback."),
        ("data", "FOLDER", "Folder of the event log, the database and the notice keys (default data)."),
        ("postgres", "CONN", "PostgreSQL 15 or later, as Host=db;Username=autobid;Password=...;Database=autobid; without it a SQLite file in the data folder."),
        ("kafka", "HOST:PORT", "Kafka bootstrap servers; without it the embedded log."),
        ("topic-prefix", "TEXT", "Prefix of every topic, so that installations can share a broker."),
        ("device", "cpu|cuda[:0,1]", "Where models run (default cpu); cuda with the ordinals of its GPUs (default 0)."),
        ("clock", "wall|virtual", "virtual: event time moves only through POST /v1/clock (default wall)."),
        ("clock-start", "INSTANT", "Where virtual time starts (default 2026-01-05T00:00:00Z)."),
        ("tick", "TIME", "Length of a control tick, 1s to 30m (default 1m)."),
        ("prior", "FILE", "Population prior of the market (default: the one beside the models)."),
        ("models", "FOLDER", "Model registry (default policies/models of the repository)."),
        ("exchanges", "FILE", "Exchange profiles, JSON (default: one built-in profile)."),
        ("rates", "FILE", "Dated currency rates, JSON (default: account currency only)."),
        ("public-url", "URL", "Address of notice URLs as exchanges see it (default: the first of --urls)."),
        ("node", "NAME", "Name of this node in leases (default node-1)."),
        ("keep-days", "DAYS", "How long the ledger keeps a campaign's days, with budgets and ended leases (default 40, at least 33)."),
        ("keep-adjustments", "DAYS", "How long it lists adjustments one by one (default 400, at least as long as days)."),
        ("otlp", "URL", "OpenTelemetry collector that takes spans over OTLP/HTTP, such as http://collector:4318 (default: none are recorded)."),
    ];

    private static readonly (string Name, string Description)[] Flags =
    [
        ("no-fsync", "Do not wait for the disk: only for data that may be lost."),
        ("no-create-topics", "Kafka: leave missing topics to the brokers, where clients may not create them."),
        ("accept-log-damage", "Start although the embedded log has damaged records that the ledger has not yet: their events are lost."),
        ("restart-on-gpu-loss", "When the last GPU is lost, drain and end with exit code 75, so that a supervisor starts anew; without it the CPU answers from then on."),
        ("quiet", "Log warnings and errors only."),
    ];

    public static Command Create(CommandHost host)
    {
        var command = new Command("serve", "Run the service. Every option can also be set as AUTOBID_NAME in the environment or in the config file.");
        Option<string?>[] texts = [.. Texts.Select(t => new Option<string?>("--" + t.Name) { Description = t.Description, HelpName = t.Value })];
        Option<bool>[] flags = [.. Flags.Select(f => new Option<bool>("--" + f.Name) { Description = f.Description })];
        var config = new Option<string?>("--config") { Description = "Config file: one JSON object with the options in camelCase.", HelpName = "FILE" };
        var stopWithInput = new Option<bool>(StopWithInputOption) { Hidden = true };
        foreach (Option option in (Option[])[.. texts, .. flags, config, stopWithInput]) command.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            var given = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (Option<string?> option in texts)
            {
                if (parsed.GetValue(option) is { } text) given[option.Name[2..]] = text;
            }

            foreach (Option<bool> option in flags)
            {
                if (parsed.GetResult(option) is not null) given[option.Name[2..]] = parsed.GetValue(option) ? "true" : "false";
            }

            string? file = parsed.GetValue(config) ?? host.Environment("AUTOBID_CONFIG");
            var settings = new ServeSettings(given, host.Environment, file is null ? new Dictionary<string, string>() : ConfigFile.Load(file));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (parsed.GetValue(stopWithInput)) _ = CancelAtEndOfInputAsync(stop);
            return await ServerHost.RunAsync(settings.ToOptions(), addresses => SayReady(host, addresses), stop.Token);
        });
        return command;
    }

    private static void SayReady(CommandHost host, IReadOnlyList<string> addresses)
    {
        host.Out.WriteLine(ReadyPrefix + addresses[0]);
        host.Out.Flush();
    }

    // A read of a pipe cannot be cancelled everywhere, so nobody waits for this task: the process ends without it.
    private static Task CancelAtEndOfInputAsync(CancellationTokenSource stop) => Task.Factory.StartNew(
        () =>
        {
            using Stream input = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[256];
            while (input.Read(ignored) > 0)
            {
            }

            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The service has stopped already.
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);
}
