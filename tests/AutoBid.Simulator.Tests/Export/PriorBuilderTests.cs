using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Export;

public sealed class PriorBuilderTests
{
    [Fact]
    public void The_prior_is_the_mean_curve_of_its_periods_and_survives_its_file()
    {
        var builder = new PriorBuilder();
        var sums = new ResponseSums();
        for (int period = 0; period < 3; period++)
            new AuctionNetPeriod().Play(SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(1)), period), builder, sums);
        PriorFile file = builder.Build("small", 3);
        Assert.Equal(8, file.RegimeSteps);
        Assert.Equal(64, file.BidPerValue.Length);
        Assert.Equal(1, file.Shape!.Sum(), 1e-9);
        Assert.InRange(file.OpportunitiesPerDay, 24_900, 25_000);
        Assert.Equal(AuctionNetSeats.All.Average(s => s.TargetCpa), file.Reference, 1e-9);
        Assert.InRange(file.MeanValue, 0.0003, 0.0008);
        Assert.InRange(file.LevelPersistence, 0, 0.25);
        for (int i = 1; i < 64; i++) Assert.True(file.Cost[i] >= file.Cost[i - 1] && file.Value[i] >= file.Value[i - 1]);
        // 1000^(42/63) = 100.
        Assert.Equal(100, file.BidPerValue[42], 1e-4);
        Assert.InRange(sums.CostAt100 / file.Cost[42], 0.9999, 1.0001);

        string path = Path.Combine(Directory.CreateTempSubdirectory("autobid-prior").FullName, "prior.json");
        PriorFile saved = file.Save(path);
        PriorFile loaded = PriorFile.Load(path);
        Assert.Equal(saved.Sha256, loaded.Sha256);
        Assert.Equal(file.Cost, loaded.Cost);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(10)]
    [InlineData(48)]
    public void Regimes_are_as_long_as_in_the_traffic(int steps)
    {
        var builder = new PriorBuilder();
        PeriodSetup setup = SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(1)), period: 0);
        new AuctionNetPeriod().Play(setup with { Traffic = setup.Traffic with { RegimeSteps = steps } }, builder);
        PriorFile file = builder.Build("shifted", 1);
        Assert.Equal(steps, file.RegimeSteps);
        // Levels are drawn anew: what looks persistent at the wrong length is not at the right one.
        Assert.InRange(file.LevelPersistence, 0, 0.3);
        file.ToPrior();
    }

    [Fact]
    public void Without_a_period_there_is_no_prior()
        => Assert.Throws<InvalidOperationException>(() => new PriorBuilder().Build("none", 1));

    [Fact]
    public void With_the_prior_MPC_beats_truthful_bidding_and_decides_from_step_0()
    {
        var builder = new PriorBuilder();
        new AuctionNetPeriod().Play(SmallMarket.Setup(new LineUpFactory(1, null).Opponents(0, SmallMarket.Seats()), 500), builder);
        var factory = new LineUpFactory(1, builder.Build("small", 1).ToPrior());
        LineUp field = factory.Opponents(1, SmallMarket.Seats());
        int[] mine = [.. Enumerable.Range(0, 12).Select(k => 4 * k)];
        Assert.True(Share(new MpcPolicy()) > Share(new ConstantPolicy(1)) + 0.08);

        double Share(IBidPolicy policy)
        {
            var table = new ScoreTable();
            var frozen = new FrozenRivals();
            for (int period = 0; period < 4; period++)
            {
                PeriodResult result = new AuctionNetPeriod().Play(SmallMarket.Setup(LineUpFactory.Replace(field, mine, policy), period), frozen);
                foreach (int seat in mine) table.Add(result, frozen, seat);
            }

            return table.ShareOfOracle;
        }
    }

    /// <summary>Mean response cost per opportunity at a bid per value of 100, over all seats.</summary>
    private sealed class ResponseSums : IPeriodObserver
    {
        private readonly CurveBuilder _curves = new(new LogGrid(50, 100, 2));
        private readonly StepCurve _curve = new(2);
        private double _cost;
        private double _opportunities;

        public double CostAt100 => _cost / _opportunities;

        public void OnStarted(PeriodSetup setup)
        {
        }

        public void OnDecided(PeriodStep step)
        {
        }

        public void OnPlayed(PeriodStep step)
        {
            for (int seat = 0; seat < 48; seat++)
            {
                _curves.Response(step.Auction, seat, step.Traffic.Values(seat), 1, _curve);
                _cost += _curve.Cost[1];
                _opportunities += step.Traffic.Opportunities;
            }
        }

        public void OnFinished(PeriodResult result)
        {
        }
    }
}
