using System.CommandLine;
using AutoBid.Cli.Demo;
using AutoBid.Cli.Output;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid demo</c>.</summary>
internal static class DemoCommand
{
    public static Command Create(CommandHost host)
    {
        Option<ulong> seed = SharedOptions.Seed();
        Option<string?> policy = SharedOptions.Policy();
        Option<TimeSpan> tick = SharedOptions.Tick(TimeSpan.FromMinutes(10));
        Option<int> steps = SharedOptions.Number("--steps", "Steps of 30 minutes to play; fewer for a quick look.", 48, 1, 48);
        Option<int> requests = SharedOptions.Number("--requests-per-step", "Mean number of bid requests per step.", 1_000, 1, 100_000);
        Option<string?> json = SharedOptions.Json();
        var kafka = new Option<string?>("--kafka") { Description = "Send the events through Kafka: 'embedded' for a mock cluster in this process, or a broker.", HelpName = "embedded|HOST:PORT" };
        var keep = new Option<bool>("--keep") { Description = "Keep the service's data folder." };
        var command = new Command(
            "demo", "The main job on embedded defaults: starts a service, creates 8 campaigns, plays one simulated day of an exchange against it over HTTP, and reports what the service's ledger says.")
        {
            seed, policy, kafka, tick, steps, requests, json, keep,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new DemoOptions
            {
                Run = new MarketRunOptions
                {
                    Seed = parsed.GetValue(seed),
                    Policy = parsed.GetValue(policy),
                    Tick = parsed.GetValue(tick),
                    Steps = parsed.GetValue(steps),
                    RequestsPerStep = parsed.GetValue(requests),
                },
                Kafka = parsed.GetValue(kafka),
                Keep = parsed.GetValue(keep),
            };
            RunReport report = await new DemoRun(options, host.Out).PlayAsync(host.RunView(), cancellation);
            return Finish(host, report, parsed.GetValue(json));
        });
        return command;
    }

    /// <summary>Shows and stores a report. 1 when something happened that must not.</summary>
    public static int Finish(CommandHost host, RunReport report, string? json)
    {
        ReportTables.Write(host.Console, report);
        if (json is not null) JsonReport.Write(json, report);
        if (report.Problems.Count == 0) return 0;
        host.Error.WriteLine($"autobid: {report.Problems.Count} checks failed, first: {report.Problems[0]}");
        return CommandException.Failed;
    }
}
