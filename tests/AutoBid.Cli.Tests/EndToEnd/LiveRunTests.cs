using System.Text.Json;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Tests.Commands;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Server.Hosting;
using AutoBid.Streaming.Kafka;

namespace AutoBid.Cli.Tests.EndToEnd;

/// <summary>The exchange that does not wait, against a real service on the wall clock, as users start it.</summary>
public sealed class LiveRunTests : IDisposable
{
    private const string Market = "simulate --clock wall --rate 300 --seconds 1 --policy pid --speed 1000000";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("autobid-live-");

    private ServeOptions Serve => new()
    {
        Urls = ["http://127.0.0.1:0"],
        DataDirectory = Path.Combine(_folder.FullName, "data"),
        ModelsDirectory = Path.Combine(_folder.FullName, "models"),
        Tick = TimeSpan.FromSeconds(1),
        Fsync = false,
        Quiet = true,
    };

    [Fact]
    public async Task TheLedgerAgreesWithTheExchange()
    {
        await RunAsync(Serve, async address =>
        {
            JsonElement report = await PlayAsync("first", $"{Market} --target {address}");
            JsonElement exchange = report.GetProperty("exchange");
            Assert.Equal(exchange.GetProperty("due").GetInt64(), exchange.GetProperty("sent").GetInt64());
            Assert.True(exchange.GetProperty("wins").GetInt64() > 0);
            Assert.True(exchange.GetProperty("roundTrip").GetProperty("p999Ms").GetDouble() > 0);
            Assert.All(report.GetProperty("campaigns").EnumerateArray(), campaign => Assert.True(campaign.GetProperty("agrees").GetBoolean()));
            Assert.Empty(report.GetProperty("problems").EnumerateArray());

            // The same market again: its campaigns are in the way unless they are wanted.
            (int exitCode, string error) = await TryAsync($"{Market} --target {address}");
            Assert.Equal(1, exitCode);
            Assert.Contains("--keep-campaigns", error, StringComparison.Ordinal);
            Assert.Empty((await PlayAsync("second", $"{Market} --target {address} --keep-campaigns")).GetProperty("problems").EnumerateArray());

            (exitCode, error) = await TryAsync($"simulate --target {address}");
            Assert.Equal(1, exitCode);
            Assert.Contains("is the wall clock: add --clock wall", error, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task ARunningServiceTakesUpADefaultWhenToldTo()
    {
        await RunAsync(Serve, async address =>
        {
            Assert.Equal("policy mpc: no model has the verdict default (there is no model)\n", await OutputAsync($"models reload --target {address}"));
            ModelFiles.Install(Path.Combine(_folder.FullName, "models"), "tiny", verdict: "default", reason: "beats mpc");
            Assert.Equal("policy tiny/1: default, beats mpc\n", await OutputAsync($"models reload --target {address}"));
            string live = await OutputAsync($"simulate --clock wall --rate 100 --seconds 1 --speed 1000000 --target {address}");
            Assert.StartsWith("policy tiny/1: default, beats mpc\n", live, StringComparison.Ordinal);
            using var client = new HttpClient { BaseAddress = new Uri(address) };
            string decisions = await client.GetStringAsync(new Uri("/v1/campaigns/cpa-shoes/decisions?limit=1", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Contains("\"tiny/1\"", decisions, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task ConversionsTravelThroughKafka()
    {
        using var cluster = new EmbeddedCluster();
        await RunAsync(Serve with { Kafka = cluster.BootstrapServers, TopicPrefix = "live.", CreateTopics = false }, async address =>
        {
            JsonElement report = await PlayAsync("kafka", $"{Market} --target {address} --topic-prefix live. --conversions kafka:{cluster.BootstrapServers} --seed 5");
            Assert.Empty(report.GetProperty("problems").EnumerateArray());
            Assert.True(report.GetProperty("exchange").GetProperty("conversions").GetInt64() > 0, "a run without conversions proves nothing");
            Assert.Equal($"kafka {cluster.BootstrapServers}", report.GetProperty("conversionsThrough").GetString());
        });
    }

    [Fact]
    public async Task AVirtualClockIsRefused()
    {
        await RunAsync(Serve with { VirtualClock = true }, async address =>
        {
            (int exitCode, string error) = await TryAsync($"{Market} --target {address}");
            Assert.Equal(1, exitCode);
            Assert.Contains("is virtual", error, StringComparison.Ordinal);
        });
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task RunAsync(ServeOptions options, Func<string, Task> play)
    {
        using var stop = new CancellationTokenSource();
        await using AutoBidService service = await AutoBidService.StartAsync(options, TestContext.Current.CancellationToken);
        Task running = service.RunAsync(stop.Token);
        try
        {
            await play(service.Addresses[0]);
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }
    }

    private static async Task<(int ExitCode, string Error)> TryAsync(string line)
    {
        using TestHost host = new();
        int exitCode = await AutoBidCommand.RunAsync(line.Split(' '), host.Host);
        return (exitCode, host.Error);
    }

    private static async Task<string> OutputAsync(string line)
    {
        using TestHost host = new();
        int exitCode = await AutoBidCommand.RunAsync(line.Split(' '), host.Host);
        Assert.True(exitCode == 0, host.Error);
        return host.Out;
    }

    private async Task<JsonElement> PlayAsync(string name, string line)
    {
        string file = Path.Combine(_folder.FullName, name + ".json");
        (int exitCode, string error) = await TryAsync($"{line} --json {file}");
        Assert.True(exitCode == 0, error);
        return JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(file));
    }
}
