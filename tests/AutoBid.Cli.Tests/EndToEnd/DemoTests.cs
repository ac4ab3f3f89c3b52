using System.Diagnostics;
using System.Text.Json;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Streaming.Tests.Kafka;

namespace AutoBid.Cli.Tests.EndToEnd;

/// <summary>The program as users start it: a process of its own that starts the service as another.</summary>
public sealed class DemoTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("autobid-e2e-");

    [Fact]
    public async Task TheSameSeedMakesTheSameDayTwice()
    {
        JsonElement first = await DemoAsync("first", "--seed", "3"), second = await DemoAsync("second", "--seed", "3"), other = await DemoAsync("other", "--seed", "4");
        string hash = first.GetProperty("decisionsHash").GetString()!;
        Assert.Matches("^[0-9a-f]{64}$", hash);
        Assert.Equal(hash, second.GetProperty("decisionsHash").GetString());
        Assert.NotEqual(hash, other.GetProperty("decisionsHash").GetString());
        Assert.Equal(Ledgers(first), Ledgers(second));
        Assert.NotEqual(Ledgers(first), Ledgers(other));
        JsonElement totals = first.GetProperty("totals");
        Assert.Equal(4, first.GetProperty("steps").GetInt32());
        Assert.Equal(8 * 12, totals.GetProperty("decisions").GetInt32());
        Assert.True(totals.GetProperty("wins").GetInt64() > 0);
        Assert.Equal(0, totals.GetProperty("duplicates").GetInt64());
        Assert.Empty(first.GetProperty("problems").EnumerateArray());
        // Every decision is a policy's or a named fallback's.
        foreach (JsonElement decision in first.GetProperty("campaigns").EnumerateArray().SelectMany(c => c.GetProperty("decisions").EnumerateArray()))
            Assert.Equal("mpc", decision.GetProperty("policy").GetString());
    }

    [Theory]
    [InlineData(null, "mpc", "policy mpc: no model has the verdict default (there is no model)")]
    [InlineData("provisional", "mpc", "policy mpc: no model has the verdict default (tiny/1: provisional, the gate has not run)")]
    [InlineData("default", "tiny", "policy tiny/1: default, the gate has not run")]
    public async Task WithoutAPolicyTheDefaultPlaysWithAndWithoutModels(string? verdict, string policy, string expected)
    {
        DirectoryInfo home = _folder.CreateSubdirectory("home");
        if (verdict is not null) ModelFiles.Install(Path.Combine(home.FullName, "policies", "models"), "tiny", verdict: verdict, reason: "the gate has not run");
        string file = Path.Combine(_folder.FullName, "default.json");
        using Process demo = Start(start => start.Environment["AUTOBID_HOME"] = home.FullName, "demo", "--steps", "2", "--requests-per-step", "20", "--json", file);
        (int exitCode, string output, string error) = await EndAsync(demo);
        Assert.True(exitCode == 0, error + output);
        Assert.Equal(2, output.Split('\n').Count(line => line == expected));
        JsonElement report = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(file));
        Assert.Equal(policy, report.GetProperty("policy").GetString());
        Assert.Equal(policy == "mpc" ? null : verdict, report.GetProperty("choice").GetProperty("verdict").GetString());
        Assert.All(
            report.GetProperty("campaigns").EnumerateArray().SelectMany(c => c.GetProperty("decisions").EnumerateArray()),
            decision => Assert.Equal(policy, decision.GetProperty("policy").GetString()));
    }

    [Fact]
    public async Task KafkaMakesTheSameDayAsTheEmbeddedLog()
    {
        JsonElement embedded = await DemoAsync("log", "--seed", "3"), kafka = await DemoAsync("kafka", "--seed", "3", "--kafka", "embedded");
        Assert.Equal(embedded.GetProperty("decisionsHash").GetString(), kafka.GetProperty("decisionsHash").GetString());
        Assert.Equal(Ledgers(embedded), Ledgers(kafka));
        Assert.Equal("kafka embedded", kafka.GetProperty("events").GetString());
    }

    [Fact]
    public async Task ARealBrokerMakesTheSameDayAsTheEmbeddedLog()
    {
        using var broker = new KafkaBroker();
        broker.Start();
        JsonElement embedded = await DemoAsync("log", "--seed", "3"), kafka = await DemoAsync("broker", "--seed", "3", "--kafka", broker.BootstrapServers);
        Assert.Equal(embedded.GetProperty("decisionsHash").GetString(), kafka.GetProperty("decisionsHash").GetString());
        Assert.Equal(Ledgers(embedded), Ledgers(kafka));
    }

    [Fact]
    public async Task APolicyThatIsNotServedIsOneLineAndLeavesNothingBehind()
    {
        (int exitCode, _, string error) = await RunAsync("demo", "--policy", "nonsense", "--steps", "1", "--requests-per-step", "10");
        Assert.Equal(1, exitCode);
        Assert.Contains("policy", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Empty(_folder.EnumerateDirectories("autobid-demo-*"));
    }

    [Fact]
    public async Task TheServiceDoesNotOutliveAKilledDemo()
    {
        using Process demo = Start("demo", "--policy", "mpc", "--keep");
        string ready = await demo.StandardOutput.ReadLineAsync() ?? "";
        Assert.StartsWith("service ready", ready, StringComparison.Ordinal);
        int id = int.Parse(ready[(ready.IndexOf("(process ", StringComparison.Ordinal) + 9)..ready.IndexOf(')')], System.Globalization.CultureInfo.InvariantCulture);
        using Process service = Process.GetProcessById(id);
        demo.Kill();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await service.WaitForExitAsync(limit.Token);
        Assert.True(service.HasExited);
    }

    [Fact]
    public async Task ServeSaysWhereItListensAndStopsWhenAsked()
    {
        using Process serve = Start("serve", "--urls", "http://127.0.0.1:0", "--data", Path.Combine(_folder.FullName, "data"), "--quiet");
        string? line = await serve.StandardOutput.ReadLineAsync();
        Assert.StartsWith("autobid ready on http://127.0.0.1:", line, StringComparison.Ordinal);
        using var http = new HttpClient();
        Assert.Equal(System.Net.HttpStatusCode.OK, (await http.GetAsync(new Uri(new Uri(line!["autobid ready on ".Length..]), "/health/ready"))).StatusCode);
        using Process kill = Process.Start("kill", ["-TERM", $"{serve.Id}"]);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await serve.WaitForExitAsync(limit.Token);
        Assert.Equal(0, serve.ExitCode);
    }

    [Fact]
    public async Task AServiceThatCannotStartIsOneLine()
    {
        (int exitCode, string output, string error) = await RunAsync("serve", "--urls", "http://0.0.0.0:0", "--data", Path.Combine(_folder.FullName, "open"), "--quiet");
        Assert.NotEqual(0, exitCode);
        Assert.Empty(output);
        Assert.StartsWith("autobid: ", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Ledgers(JsonElement report)
        => string.Join('\n', report.GetProperty("campaigns").EnumerateArray().Select(c => $"{c.GetProperty("id")} {c.GetProperty("spend")} {c.GetProperty("wins")} {c.GetProperty("conversions")} {c.GetProperty("conversionValue")}"));

    private async Task<JsonElement> DemoAsync(string name, params string[] more)
    {
        string file = Path.Combine(_folder.FullName, name + ".json");
        (int exitCode, string output, string error) = await RunAsync(["demo", "--policy", "mpc", "--steps", "4", "--requests-per-step", "100", "--json", file, .. more]);
        Assert.True(exitCode == 0, error + output);
        Assert.Contains("decision-list hash", output, StringComparison.Ordinal);
        return JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(file));
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using Process process = Start(args);
        return await EndAsync(process);
    }

    private static async Task<(int ExitCode, string Output, string Error)> EndAsync(Process process)
    {
        using var limit = new CancellationTokenSource(Limit);
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output, await error);
    }

    private Process Start(params string[] args) => Start(null, args);

    private Process Start(Action<ProcessStartInfo>? with, params string[] args)
    {
        // Beside the tests lies a copy of the program with everything it needs.
        string library = Path.Combine(AppContext.BaseDirectory, "autobid.dll");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["TMPDIR"] = _folder.FullName;
        start.ArgumentList.Add(library);
        foreach (string arg in args) start.ArgumentList.Add(arg);
        with?.Invoke(start);
        return Process.Start(start)!;
    }
}
