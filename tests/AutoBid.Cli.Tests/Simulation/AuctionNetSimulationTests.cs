using AutoBid.Cli.Simulation;
using AutoBid.Policies.Simple;

namespace AutoBid.Cli.Tests.Simulation;

public sealed class AuctionNetSimulationTests
{
    [Fact]
    public void ScoresSeatsByPolicy()
    {
        var options = new SimulationOptions { Periods = 2, Opportunities = 5_000, Policy = new ConstantPolicy(), Seats = [0, 1, 2] };
        var played = new List<int>();
        SimulationReport report = new AuctionNetSimulation(options).Play(played.Add, CancellationToken.None);
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
        var options = new SimulationOptions { Periods = 1, Opportunities = 5_000, Oracle = false };
        SimulationReport first = new AuctionNetSimulation(options).Play(_ => { }, CancellationToken.None);
        SimulationReport second = new AuctionNetSimulation(options).Play(_ => { }, CancellationToken.None);
        Assert.All(first.Policies, p => Assert.Null(p.ShareOfOracle));
        Assert.Equal(first.Policies.Select(p => p.Realised), second.Policies.Select(p => p.Realised));
    }

    [Fact]
    public void StopsWhenCancelled()
        => Assert.Throws<OperationCanceledException>(() => new AuctionNetSimulation(new SimulationOptions()).Play(_ => { }, new CancellationToken(canceled: true)));
}
