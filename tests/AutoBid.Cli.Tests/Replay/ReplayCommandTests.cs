using System.Text.Json;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Tests.Commands;

namespace AutoBid.Cli.Tests.Replay;

public sealed class ReplayCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-replay-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static async Task<(int Code, string Out, string Error)> RunAsync(params string[] args)
    {
        using TestHost host = new();
        int code = await AutoBidCommand.RunAsync(args, host.Host);
        return (code, host.Out, host.Error);
    }

    [Fact]
    public async Task ASimulatedLogIsReplayed()
    {
        string log = Path.Combine(_folder, "log.csv.gz"), json = Path.Combine(_folder, "report.json");
        (int code, string text, string error) = await RunAsync("simulate", "--periods", "2", "--opportunities", "1000", "--no-oracle", "--prior", "none", "--log", log);
        Assert.True(code == 0, error);
        Assert.Contains("0.1 million rows", text, StringComparison.Ordinal);
        (code, text, error) = await RunAsync("replay", log, "--policy", "constant", "--policy", "mpc", "--budget-factor", "0.01", "--budget-factor", "1", "--prior", "none", "--json", json);
        Assert.True(code == 0, error);
        Assert.Contains("mpc", text, StringComparison.Ordinal);
        Assert.Contains("96 keys", text, StringComparison.Ordinal);
        using JsonDocument report = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        JsonElement[] scores = [.. report.RootElement.GetProperty("scores").EnumerateArray()];
        Assert.Equal(["constant 0.01", "constant 1", "mpc 0.01", "mpc 1"], scores.Select(s => $"{s.GetProperty("policy")} {s.GetProperty("budgetFactor")}"));
        Assert.All(scores, s => Assert.Equal(96, s.GetProperty("keys").GetInt32()));
        Assert.All(scores, s => Assert.InRange(s.GetProperty("shareOfKnapsack").GetDouble(), 0, 1));
        Assert.Equal(4 * 96, report.RootElement.GetProperty("byKey").GetArrayLength());
    }

    [Fact]
    public async Task APlainLogIsReplayed()
    {
        string rows = string.Concat(Enumerable.Range(0, 4_000).Select(i => $"{1_370_563_200 + i * 40L}\t{(1 + i % 7) * 0.001}\t{20 + i * 13 % 300}\t{(i % 50 == 0 ? 1 : 0)}\n"));
        string[] description = ["--time", "1", "--value", "2", "--price", "3", "--price-scale", "0.001", "--delimiter", "tab", "--header", "none", "--budget", "20", "--cpa", "40"];
        (int code, string text, string error) = await RunAsync(["replay", Write("log.tsv", rows), .. description, "--outcome", "4", "--policy", "mpc"]);
        Assert.True(code == 0, error);
        Assert.Contains("2 keys, 4,000 rows", text, StringComparison.Ordinal);
        Assert.Contains("prior no", text, StringComparison.Ordinal);
        (code, text, error) = await RunAsync(["replay", Write("log.tsv", rows), .. description, "--utc-offset", "-08:00", "--day-length", "6h"]);
        Assert.True(code == 0, error);
        Assert.Contains("9 keys", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsWrongWithALogIsOneLineWithItsPlace()
    {
        string log = Write("log.csv", "ts,v,p\n0,0.1,1\n60,0.1,-1\n");
        (int code, _, string error) = await RunAsync("replay", log, "--time", "ts", "--value", "v", "--price", "p", "--budget", "1", "--cpa", "1");
        Assert.Equal(1, code);
        Assert.Equal($"autobid: {log}, line 3, column p: '-1' is below 0", Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Theory]
    [InlineData("--time ts --value v --price p --budget 1", "--cpa is needed with --time", 2)]
    [InlineData("--budget 5", "--time is needed with --budget", 2)]
    [InlineData("--time 1 --value v --price p --budget 1 --cpa 1 --header none", "columns are numbers", 2)]
    [InlineData("--time ts --value v --price p --budget 1 --cpa 0", "above 0", 2)]
    [InlineData("--time ts --value v --price p --budget 1 --cpa 1 --delimiter dot", "--delimiter", 2)]
    [InlineData("--time ts --value v --price p --budget 1 --cpa 1 --header maybe", "--header", 2)]
    [InlineData("--time ts --value v --price p --budget 1 --cpa 1 --utc-offset 8", "--utc-offset", 2)]
    [InlineData("--time ts --value v --price p --budget 1 --cpa 1 --day-length long", "--day-length", 2)]
    [InlineData("--policy none", "--policy", 2)]
    [InlineData("--budget-factor 0", "--budget-factor", 2)]
    [InlineData("--mode Both", "Both", 2)]
    [InlineData("--prior /nowhere/prior.json", "--prior", 2)]
    [InlineData("", "there are no rows", 1)]
    public async Task AWrongCommandLineIsOneLine(string options, string expected, int exitCode)
    {
        string log = Write("log.csv", string.Join(',', AutoBid.Simulator.Replay.AuctionLogSchema.Names) + "\n");
        (int code, _, string error) = await RunAsync(["replay", log, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(exitCode, code);
        Assert.Contains(expected, Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilesMustExist()
    {
        Assert.Equal(2, (await RunAsync("replay", "/nowhere/log.csv")).Code);
        Assert.Equal(2, (await RunAsync("replay")).Code);
        Assert.Equal(2, (await RunAsync("simulate", "--log", "x.csv", "--target", "http://127.0.0.1:1")).Code);
    }
}
