using AutoBid.Cli.Simulation;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Tests.Simulation;

public sealed class AuctionNetSimulationTests
{
    private static readonly AuctionPreset Small = AuctionPreset.AuctionNet with { Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 5_000 } };

    [Theory]
    [InlineData("first-price")]
    [InlineData("second-price")]
    [InlineData("auctionnet-dense")]
    public void PlaysTheOtherPresets(string name)
    {
        AuctionPreset preset = AuctionPreset.Find(name)!;
        var options = new SimulationOptions { Periods = 1, Preset = preset with { Traffic = preset.Traffic with { OpportunitiesPerPeriod = 5_000 } }, LineUp = "truthful:0-23,rest=pid", Threads = 2 };
        SimulationReport report = Simulation(options).Play(_ => { }, CancellationToken.None);
        Assert.Equal((name, 2), (report.Preset, report.Policies.Count));
        Assert.All(report.Policies, p => Assert.InRange(p.ShareOfOracle!.Value, 0.01, 1.05));
    }

    [Fact]
    public void NamesThePartOfALineUpThatIsWrong()
    {
        var options = new SimulationOptions { Preset = Small, LineUp = "mpc:0-11,pid:11-20" };
        Assert.Contains("pid:11-20", Assert.Throws<CommandException>(() => Simulation(options).Play(_ => { }, CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ScoresSeatsByPolicy()
    {
        var options = new SimulationOptions { Periods = 2, Preset = Small, Policy = new ConstantPolicy(), Seats = [0, 1, 2] };
        var played = new List<int>();
        SimulationReport report = Simulation(options).Play(played.Add, CancellationToken.None);
        Assert.Equal([1, 2], played);
        Assert.Equal(48, report.Policies.Sum(p => p.Seats));
        Assert.True(report.Policies.Single(p => p.Policy == "constant").Seats >= 3);
        Assert.All(report.Policies, p => Assert.Equal(2, p.ShareByPeriod.Count));
        Assert.All(report.Policies, p => Assert.InRange(p.SpentShare, 0, 1));
        Assert.True(report.Policies.Sum(p => p.Expected) > 0);
    }

    [Fact]
    public void RepeatsItselfAndDoesWithoutOracle()
    {
        var options = new SimulationOptions { Periods = 1, Preset = Small, Oracle = false };
        SimulationReport first = Simulation(options).Play(_ => { }, CancellationToken.None);
        SimulationReport second = Simulation(options).Play(_ => { }, CancellationToken.None);
        Assert.All(first.Policies, p => Assert.Null(p.ShareOfOracle));
        Assert.Equal(first.Policies.Select(p => p.Realised), second.Policies.Select(p => p.Realised));
    }

    [Fact]
    public void StopsWhenCancelled()
        => Assert.Throws<OperationCanceledException>(() => Simulation(new SimulationOptions()).Play(_ => { }, new CancellationToken(canceled: true)));

    private static AuctionNetSimulation Simulation(SimulationOptions options) => new(options, new PolicyResolver("no-such-folder"));
}
