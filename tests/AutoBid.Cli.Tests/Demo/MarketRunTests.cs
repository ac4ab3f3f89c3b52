using System.Text.Json;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Output;
using AutoBid.Cli.Tests.Commands;
using AutoBid.Cli.Tests.Exchange;
using AutoBid.Policies.Fallback;

namespace AutoBid.Cli.Tests.Demo;

public sealed class MarketRunTests
{
    private static readonly MarketRunOptions Options = new() { Policy = "mpc", Steps = 4, RequestsPerStep = 40, Seed = 5, Events = "test" };

    [Fact]
    public async Task ReportsWhatTheLedgerSays()
    {
        await using FakeService service = await FakeService.StartAsync();
        using var output = new StringWriter();
        RunReport report = await PlayAsync(service, output);
        Assert.Empty(report.Problems);
        Assert.Equal(8, report.Campaigns.Count);
        Assert.Equal(service.Ledgers.Values.Sum(l => l.SpentNanos) / 1_000_000_000m, report.Totals.Spend);
        Assert.Equal(5, report.Totals.Duplicates);
        Assert.Equal(12, report.Totals.Ticks);
        Assert.Equal(8 * 12, report.Totals.Decisions);
        Assert.Equal(8, report.Totals.Fallbacks);
        CampaignReport campaign = report.Campaigns[0];
        Assert.Equal("SpendFirst", report.Campaigns.Single(c => c.Mode != "TargetFirst").Mode);
        Assert.Equal(1, campaign.Fallbacks["last:deadline"]);
        Assert.Equal(1, campaign.GuardReasons["step"]);
        Assert.Equal([1.2, 1.5, 1.8, 2.1], campaign.MultiplierPath.Select(m => Math.Round(m, 6)));
        Assert.Equal(2.1, campaign.MultiplierMax, 6);
        Assert.Equal("h13", report.DecisionsHash);
        Assert.Contains("step 4/4", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALedgerThatDisagreesIsAProblem()
    {
        await using FakeService service = await FakeService.StartAsync();
        service.SpentBias = 0.000000001m;
        RunReport report = await PlayAsync(service, TextWriter.Null);
        Assert.Equal(8, report.Problems.Count);
        using TestHost host = new();
        Assert.Equal(1, DemoCommand.Finish(host.Host, report, json: null));
        Assert.Contains("8 checks failed", host.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusedCampaignSaysWhy()
    {
        await using FakeService service = await FakeService.StartAsync();
        using var client = new ServiceClient(service.Address);
        ServiceException e = await Assert.ThrowsAsync<ServiceException>(
            () => PlayAsync(client, Options with { Policy = "unknown" }, TextWriter.Null));
        Assert.Contains("400", e.Message, StringComparison.Ordinal);
        Assert.Contains("is not served here", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutAPolicyTheServicesDefaultPlaysAndIsNamedWithItsReason()
    {
        await using FakeService service = await FakeService.StartAsync();
        var standard = new PolicyChoice("gave", "gave/2", "default", "default, beats mpc at every budget");
        service.Policies = new { @default = standard, policies = new[] { standard, new PolicyChoice("mpc", "mpc", null, "asked for by name") } };
        using var client = new ServiceClient(service.Address);
        using var output = new StringWriter();
        RunReport report = await PlayAsync(client, Options with { Policy = null }, output);
        Assert.Equal(Enumerable.Repeat<string?>(null, 8), service.PoliciesNamed);
        Assert.StartsWith("policy gave/2: default, beats mpc at every budget\n", output.ToString(), StringComparison.Ordinal);
        Assert.Equal("gave", report.Policy);
        Assert.Equal(standard, report.Choice);
        using TestHost host = new();
        Assert.Equal(0, DemoCommand.Finish(host.Host, report, json: null));
        Assert.Contains("policy gave/2: default, beats mpc at every budget", host.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APolicyAskedForIsNamedWithItsReason()
    {
        await using FakeService service = await FakeService.StartAsync();
        var standard = new PolicyChoice("gave", "gave/2", "default", "default");
        service.Policies = new { @default = standard, policies = new[] { standard, new PolicyChoice("mpc", "mpc", null, "asked for by name") } };
        using var output = new StringWriter();
        RunReport report = await PlayAsync(service, output);
        Assert.Equal(Enumerable.Repeat("mpc", 8), service.PoliciesNamed);
        Assert.StartsWith("policy mpc: asked for by name\n", output.ToString(), StringComparison.Ordinal);
        Assert.Equal("mpc", report.Policy);
    }

    [Fact]
    public async Task AServiceThatDoesNotTellItsPoliciesIsPlayedAllTheSame()
    {
        await using FakeService service = await FakeService.StartAsync();
        using var client = new ServiceClient(service.Address);
        using var output = new StringWriter();
        RunReport report = await PlayAsync(client, Options with { Policy = null }, output);
        Assert.Empty(report.Problems);
        Assert.Null(report.Choice);
        Assert.DoesNotContain("policy", output.ToString(), StringComparison.Ordinal);
        // The decisions tell.
        Assert.Equal("mpc", report.Policy);
        using TestHost host = new();
        DemoCommand.Finish(host.Host, report, json: null);
        Assert.Contains("policy mpc\n", host.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheFileHoldsEveryDecision()
    {
        await using FakeService service = await FakeService.StartAsync();
        RunReport report = await PlayAsync(service, TextWriter.Null);
        using TestHost host = new();
        string path = Path.Combine(Directory.CreateTempSubdirectory("autobid-test-").FullName, "deep", "demo.json");
        Assert.Equal(0, DemoCommand.Finish(host.Host, report, path));
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(path));
        JsonElement root = document.RootElement;
        Assert.Equal("h13", root.GetProperty("decisionsHash").GetString());
        Assert.Equal(20260105, root.GetProperty("day").GetInt32());
        JsonElement campaign = root.GetProperty("campaigns")[0];
        Assert.Equal("cpa-shoes", campaign.GetProperty("id").GetString());
        JsonElement decisions = campaign.GetProperty("decisions");
        Assert.Equal(12, decisions.GetArrayLength());
        Assert.Equal(1, decisions[1].GetProperty("tick").GetInt32());
        Assert.Equal("mpc", decisions[1].GetProperty("policy").GetString());
        Assert.Equal("deadline", decisions[1].GetProperty("fallback").GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.Null, decisions[0].GetProperty("fallback").ValueKind);
        Assert.Equal(JsonValueKind.Null, decisions[0].GetProperty("model").ValueKind);
        Assert.Equal("range-max", decisions[2].GetProperty("reasons")[1].GetString());
        Assert.Equal(1.1, decisions[1].GetProperty("multiplier").GetDouble(), 6);
        Assert.True(root.GetProperty("latency").GetProperty("bidRoundTrip").GetProperty("p99Ms").GetDouble() > 0);
        Assert.Equal(JsonValueKind.Null, root.GetProperty("latency").GetProperty("bidService").ValueKind);
        Directory.Delete(Path.GetDirectoryName(Path.GetDirectoryName(path))!, recursive: true);
    }

    private static async Task<RunReport> PlayAsync(FakeService service, TextWriter output)
    {
        using var client = new ServiceClient(service.Address);
        return await PlayAsync(client, Options, output);
    }

    private static async Task<RunReport> PlayAsync(ServiceClient client, MarketRunOptions options, TextWriter output)
    {
        await using var market = new HttpMarket(client, options.Play, CancellationToken.None);
        return await new MarketRun(options, market).PlayAsync(new PlainRunView(output), CancellationToken.None);
    }
}
