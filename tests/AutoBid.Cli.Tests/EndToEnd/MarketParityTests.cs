using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Output;
using AutoBid.Cli.Simulation;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Tests.EndToEnd;

/// <summary>One market day through the engine in process and one through a real service on Kestrel: the same decisions, to the last bit of the hash.</summary>
public sealed class MarketParityTests : IDisposable
{
    private static readonly MarketRunOptions Options = new() { Policy = "mpc", Steps = 14, RequestsPerStep = 120, Seed = 11 };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("autobid-parity-");

    [Theory]
    [InlineData("mpc")]
    [InlineData("pid")]
    [InlineData("gave")]
    [InlineData(null)]
    public async Task InProcessIsTheService(string? policy)
    {
        MarketRunOptions options = Options with { Policy = policy };
        RunReport inProcess = await InProcessAsync(options), overHttp = await OverHttpAsync(options);
        Assert.Empty(inProcess.Problems);
        Assert.Empty(overHttp.Problems);
        Assert.Equal(overHttp.DecisionsHash, inProcess.DecisionsHash);
        Assert.Equal(overHttp.Campaigns.Select(Ledger), inProcess.Campaigns.Select(Ledger));
        Assert.Equal(overHttp.Totals with { Duplicates = null }, inProcess.Totals with { NoBidReasons = overHttp.Totals.NoBidReasons });
        Assert.Equal(overHttp.Totals.NoBidReasons, inProcess.Totals.NoBidReasons);
        Assert.All(inProcess.Campaigns.SelectMany(c => c.Decisions), decision => Assert.Equal(policy ?? inProcess.Policy, decision.Policy));
        Assert.NotNull(inProcess.Choice);
        Assert.Equal(overHttp.Choice, inProcess.Choice);
        Assert.True(inProcess.Totals.Wins > 200, "a day without wins proves nothing");
        Assert.True(inProcess.Totals.Conversions > 0, "a day without conversions proves nothing");
    }

    [Fact]
    public async Task AnotherDayIsAnotherHash()
    {
        RunReport day = await InProcessAsync(Options), again = await InProcessAsync(Options);
        Assert.Equal(day.DecisionsHash, again.DecisionsHash);
        foreach (MarketRunOptions other in (MarketRunOptions[])[Options with { Seed = 12 }, Options with { Policy = "pid" }, Options with { RequestsPerStep = 121 }])
            Assert.NotEqual(day.DecisionsHash, (await InProcessAsync(other)).DecisionsHash);
    }

    [Fact]
    public async Task APolicyThatIsNotServedIsRefusedAsTheServiceDoes()
    {
        CommandException e = await Assert.ThrowsAsync<CommandException>(() => InProcessAsync(Options with { Policy = "nonsense" }));
        Assert.Contains("'nonsense' is not served here; one of ", e.Message, StringComparison.Ordinal);
        Assert.Contains(" constant,", e.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Ledger(CampaignReport campaign)
        => $"{campaign.Id} {campaign.Spend} {campaign.Adjustments} {campaign.Wins} {campaign.Conversions} {campaign.ConversionValue} {campaign.ExpectedValue:R}";

    private static Task<RunReport> InProcessAsync(MarketRunOptions options)
        => MarketSimulation.PlayAsync(options, prior: null, new PlainRunView(TextWriter.Null), TestContext.Current.CancellationToken);

    private async Task<RunReport> OverHttpAsync(MarketRunOptions options)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string profiles = Path.Combine(_folder.FullName, "exchanges.json");
        await File.WriteAllTextAsync(profiles, DemoRun.Profile, cancellation);
        var serve = new ServeOptions
        {
            Urls = ["http://127.0.0.1:0"],
            DataDirectory = Path.Combine(_folder.FullName, "data"),
            VirtualClock = true,
            Tick = options.Tick,
            ExchangesFile = profiles,
            Fsync = false,
            Quiet = true,
        };
        await using AutoBidService service = await AutoBidService.StartAsync(serve, cancellation);
        using var client = new ServiceClient(new Uri(service.Addresses[0]));
        await using var market = new HttpMarket(client, options.Play, cancellation);
        return await new MarketRun(options, market).PlayAsync(new PlainRunView(TextWriter.Null), cancellation);
    }
}
