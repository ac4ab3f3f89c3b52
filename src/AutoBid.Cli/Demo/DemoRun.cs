using System.Globalization;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Output;
using AutoBid.Streaming.Kafka;

namespace AutoBid.Cli.Demo;

/// <summary>The demo: a service of its own on a loopback port with embedded defaults, and a day of the market against it.</summary>
internal sealed class DemoRun(DemoOptions options, TextWriter output)
{
    /// <summary>The exchange tells what would have won: the response curves that policies plan with learn from it.</summary>
    public const string Profile =
        """{"profiles": [{"name": "default", "billingSource": "burl", "currency": "USD", "minimumToWin": true, "notices": ["burl", "nurl", "lurl"]}]}""";

    /// <exception cref="CommandException">The service did not start, or ended before the day did.</exception>
    public async Task<RunReport> PlayAsync(IRunView view, CancellationToken cancellation)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("autobid-demo-");
        try
        {
            using EmbeddedCluster? cluster = options.Kafka == "embedded" ? new EmbeddedCluster() : null;
            string? kafka = cluster?.BootstrapServers ?? options.Kafka;
            string profiles = Path.Combine(folder.FullName, "exchanges.json");
            await File.WriteAllTextAsync(profiles, Profile, cancellation);
            (ServiceProcess service, Uri address) = await ServiceProcess.StartAsync(options.Program, Arguments(folder.FullName, profiles, kafka), options.ReadyTimeout, cancellation);
            await using (service)
            {
                await output.WriteLineAsync($"service ready on {address} (process {service.Id}), data in {folder.FullName}");
                using var client = new ServiceClient(address);
                string events = options.Kafka is null ? "embedded log" : $"kafka {options.Kafka}";
                try
                {
                    await using var market = new HttpMarket(client, options.Run.Play, cancellation);
                    return await new MarketRun(options.Run with { Events = events }, market).PlayAsync(view, cancellation);
                }
                catch (ServiceException e)
                {
                    throw new CommandException(e.Message + service.Fate, e);
                }
            }
        }
        finally
        {
            if (options.Keep) await output.WriteLineAsync($"data kept in {folder.FullName}");
            else Delete(folder);
        }
    }

    private List<string> Arguments(string folder, string profiles, string? kafka)
    {
        List<string> arguments =
        [
            "--clock", "virtual", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(folder, "data"), "--exchanges", profiles,
            "--tick", options.Run.Tick.ToString("c", CultureInfo.InvariantCulture), "--quiet",
        ];

        // The folder dies with the run, so no append needs to survive a power cut.
        if (!options.Keep) arguments.Add("--no-fsync");
        if (kafka is not null) arguments.AddRange(["--kafka", kafka, "--topic-prefix", TopicPrefix()]);
        // The mock cluster has no administration: its topics appear by use.
        if (options.Kafka == "embedded") arguments.Add("--no-create-topics");
        return arguments;
    }

    // Runs that share a broker must not read each other's events.
    private static string TopicPrefix()
    {
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return string.Create(CultureInfo.InvariantCulture, $"demo-{new DateTimeOffset(self.StartTime.ToUniversalTime()).ToUnixTimeMilliseconds()}-{self.Id}.");
    }

    private static void Delete(DirectoryInfo folder)
    {
        try
        {
            folder.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A leftover in the temporary folder must not turn a good run into a failed one.
        }
    }
}
