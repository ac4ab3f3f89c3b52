using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;
using AutoBid.Cli.Output;
using AutoBid.Cli.Tests.Commands;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Tests.Output;

public sealed class ReportTablesTests
{
    private static readonly RunReport Report = new()
    {
        Seed = 9,
        Policy = "gave",
        Events = "kafka embedded",
        Day = 20260105,
        Steps = 48,
        TickSeconds = 600,
        RequestsPerStep = 1_000,
        WallSeconds = 41.26,
        DecisionsHash = "abc123",
        Totals = new RunTotals
        {
            Requests = 47_912,
            Bids = 40_000,
            NoBids = 7_912,
            NoBidReasons = new Dictionary<string, long> { ["503"] = 7_000, ["204"] = 912 },
            Wins = 12_345,
            Spend = 1_234.5m,
            Adjustments = 0,
            Conversions = 321,
            Notices = 52_345,
            NoticeRetries = 2,
            Applied = 60_000,
            Duplicates = 4,
            Ticks = 144,
            Decisions = 1_152,
            Fallbacks = 3,
            StepsClosed = 376,
        },
        Latency = new RunLatencies(new LatencySummary(47_912, 0.21, 0.3, 0.912, 12.5), null, new LatencySummary(1_152, 1, 2, 3, 4), new LatencySummary(144, 1, 2, 3, 5), LatencySummary.Empty),
        Campaigns =
        [
            new CampaignReport
            {
                Id = "roas-[x]", Objective = "TargetRoas", Mode = "TargetFirst", Budget = 1_200, Spend = 1_080, Share = 0.9, Adjustments = 0.25m, Wins = 3_000, Conversions = 111,
                ConversionValue = 4_321.5m, ExpectedValue = 4_000, Measure = "roas", Target = 3, Achieved = 4.001, MultiplierPath = [1, 2], MultiplierMin = 0.5, MultiplierMax = 2,
                Fallbacks = new Dictionary<string, int> { ["last:deadline"] = 2, ["safe:no-model"] = 1 }, GuardReasons = new Dictionary<string, int> { ["step"] = 7 }, Decisions = [],
            },
            new CampaignReport
            {
                Id = "max-app", Objective = "MaxConversions", Mode = "TargetFirst", Budget = 400, Spend = 0, Share = 0, Adjustments = 0, Wins = 0, Conversions = 0,
                ConversionValue = 0, ExpectedValue = 0, Measure = "cpa", Target = null, Achieved = null, MultiplierPath = [], MultiplierMin = 0, MultiplierMax = 0,
                Fallbacks = new Dictionary<string, int>(), GuardReasons = new Dictionary<string, int>(), Decisions = [],
            },
        ],
        Problems = ["roas-[x]: something"],
    };

    [Fact]
    public void ShowsEveryFigure()
    {
        using TestHost host = new();
        ReportTables.Write(host.Host.Console, Report);
        foreach (string expected in (string[])[
            "roas-[x]", "1,080.00", "90.0 %", "0.25", "roas 3.00", "roas 4.00", "▁█", "0.500..2.000", "last:deadline 2, safe:no-model 1", "step 7", "cpa -",
            "bid, round trip over HTTP", "0.912", "<= 5.000", "47,912", "duplicates 4", "1,152, 3 by a fallback", "Budget 7,000", "204 912", "decision-list hash abc123", "kafka embedded", "41.3 s",
            "PROBLEM: roas-[x]: something"])
        {
            Assert.Contains(expected, host.Out, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("bid, inside the service", host.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', host.Out);
    }

    [Fact]
    public void PlainProgressIsALineEveryFourSteps()
    {
        using var output = new StringWriter();
        new PlainRunView(output).WatchAsync(show =>
        {
            for (int step = 1; step <= 10; step++) show(new MarketProgress(step, 10, step * 1_000, 0, 0, 0, 0), []);
            return Task.FromResult(0);
        });
        string[] lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["step 4/10", "step 8/10", "step 10/10"], lines.Select(line => line[..line.IndexOf("  ", StringComparison.Ordinal)]));
        Assert.Contains("requests 8,000", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void PlainProgressOfWorkIsALineEveryTenth()
    {
        using TestHost host = new();
        int result = ProgressView.Run(host.Host, "periods", 30, done =>
        {
            for (int i = 1; i <= 30; i++) done(i);
            return 5;
        });
        Assert.Equal(5, result);
        Assert.Equal(10, host.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.EndsWith("periods 30/30\n", host.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatCannotBeWrittenIsOneLine()
    {
        CommandException e = Assert.Throws<CommandException>(() => JsonReport.Write("/proc/none/report.json", Report));
        Assert.DoesNotContain('\n', e.Message);
    }
}
