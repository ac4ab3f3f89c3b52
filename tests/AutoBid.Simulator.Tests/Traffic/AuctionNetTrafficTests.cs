using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Traffic;

public sealed class AuctionNetTrafficTests
{
    [Fact]
    public void The_day_shape_satisfies_the_published_facts()
    {
        double[] shape = DayShape.AuctionNet.ToArray();
        Assert.Equal(48, shape.Length);
        Assert.Equal(1, shape.Sum(), 1e-12);
        Assert.Equal([0.0230, 0.0108, 0.0088, 0.0048], shape[..4]);
        Assert.Equal(0.0253, shape[47]);
        Assert.Equal(7, Array.IndexOf(shape, shape.Min()));
        Assert.Equal(0.00303, shape[7]);
        Assert.Equal(18, Array.IndexOf(shape, shape.Max()));
        Assert.Equal(0.0381, shape[18]);
    }

    [Fact]
    public void The_seats_are_the_published_ones()
    {
        Assert.Equal(48, AuctionNetSeats.All.Count);
        Assert.Equal(AuctionNetSeats.BudgetSum, AuctionNetSeats.All.Sum(seat => seat.Budget));
        Assert.Equal(new Seat(2900, 100), AuctionNetSeats.All[0]);
        Assert.Equal(new Seat(4850, 60), AuctionNetSeats.All[22]);
        Assert.Equal(new Seat(2050, 120), AuctionNetSeats.All[47]);
        Assert.All(AuctionNetSeats.All, seat => Assert.InRange(seat.Budget, 2000, 4850));
        Seat[] half = AuctionNetSeats.Scaled(0.5);
        Assert.Equal(75_000, half.Sum(seat => seat.Budget));
        Assert.Equal(100, half[0].TargetCpa);
        Assert.Equal(5, AuctionNetSeats.CategoryOf(47));
    }

    [Fact]
    public void Volumes_follow_the_shape_and_sum_to_the_period()
    {
        for (int period = 0; period < 20; period++)
        {
            var traffic = new AuctionNetTraffic(3, period, TrafficOptions.FinalRound);
            Assert.InRange(traffic.Volumes.ToArray().Sum(), 499_952, 500_000);
            // One factor per window of four: ratios inside a window are those of the shape.
            for (int step = 0; step < 48; step += 4)
            {
                double ratio = traffic.Volumes[step] / DayShape.AuctionNet[step];
                for (int i = 1; i < 4; i++) Assert.InRange(traffic.Volumes[step + i] / DayShape.AuctionNet[step + i] / ratio, 0.998, 1.002);
            }

            Assert.InRange(traffic.Volumes.ToArray().Min(), 700, 3_000);
            Assert.InRange(traffic.LargestVolume, 14_000, 30_000);
        }
    }

    [Fact]
    public void Value_moments_match_the_law()
    {
        var traffic = new AuctionNetTraffic(11, 0, TrafficOptions.FinalRound);
        var buffer = new TrafficStep();
        traffic.Generate(18, buffer);
        for (int advertiser = 0; advertiser < traffic.Advertisers; advertiser++)
        {
            float[] values = buffer.Values(advertiser).ToArray();
            double mean = traffic.Mean(18, advertiser), spread = traffic.Spread(18, advertiser);
            Assert.InRange(mean, 0.0005 * 0.3 * 0.5, 0.0005 * 1.7 * 1.5);
            Assert.InRange(spread / mean, 0.1, 1.0);
            double cut = NormalDistribution.Cdf(-mean / spread);
            Assert.Equal(cut, values.Count(v => v == 0) / (double)values.Length, 0.01);
            // Mean of max(N(mean, spread), 0).
            double density = Math.Exp(-0.5 * mean * mean / spread / spread) / Math.Sqrt(2 * Math.PI);
            double expected = mean * (1 - cut) + spread * density;
            Assert.InRange(values.Average(v => (double)v) / expected, 0.97, 1.03);
            Assert.All(values, v => Assert.InRange(v, 0f, 1f));
        }
    }

    [Fact]
    public void Levels_have_the_published_averages_over_periods()
    {
        double means = 0, zeros = 0;
        const int periods = 60;
        for (int period = 0; period < periods; period++)
        {
            var traffic = new AuctionNetTraffic(5, period, TrafficOptions.FinalRound);
            for (int step = 0; step < 48; step += AuctionNetTraffic.RegimeSteps)
            {
                for (int advertiser = 0; advertiser < 48; advertiser++)
                {
                    means += traffic.Mean(step, advertiser);
                    zeros += NormalDistribution.Cdf(-traffic.Mean(step, advertiser) / traffic.Spread(step, advertiser));
                }
            }
        }

        // The real final round: 0.000507; exactly zero about 2.2 % (with the spread at its mean) to 3 %.
        Assert.InRange(means / (periods * 48 * 6), 0.0005 * 0.97, 0.0005 * 1.03);
        Assert.InRange(zeros / (periods * 48 * 6), 0.020, 0.035);
    }

    [Fact]
    public void Levels_change_between_regimes_only_and_leaders_share_their_categorys_level()
    {
        var traffic = new AuctionNetTraffic(5, 1, TrafficOptions.Dense);
        Assert.InRange(traffic.Mean(0, 3), 0.005 * 0.15, 0.005 * 2.55);
        for (int advertiser = 0; advertiser < 48; advertiser++)
        {
            for (int step = 0; step < 48; step++)
            {
                if (step % 8 != 0) Assert.Equal(traffic.Mean(step - 1, advertiser), traffic.Mean(step, advertiser));
                else if (step > 0) Assert.NotEqual(traffic.Mean(step - 1, advertiser), traffic.Mean(step, advertiser));
            }
        }

        for (int category = 0; category < 6; category++)
        {
            double level = traffic.Mean(0, category * 8) / 0.005;
            Assert.InRange(level, 0.3, 1.7);
            for (int other = 1; other < 8; other++) Assert.InRange(traffic.Mean(0, category * 8 + other) / 0.005 / level, 0.5, 1.5);
        }
    }

    [Fact]
    public void Steps_are_pure_functions_of_seed_and_period()
    {
        var options = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 20_000 };
        var buffer = new TrafficStep();
        var again = new TrafficStep();
        var traffic = new AuctionNetTraffic(9, 4, options);
        traffic.Generate(30, buffer);
        traffic.Generate(2, buffer);
        traffic.Generate(30, buffer);
        new AuctionNetTraffic(9, 4, options).Generate(30, again);
        for (int advertiser = 0; advertiser < 48; advertiser++) Assert.Equal(again.Values(advertiser).ToArray(), buffer.Values(advertiser).ToArray());
        new AuctionNetTraffic(9, 5, options).Generate(30, again);
        Assert.NotEqual(again.Values(0)[..100].ToArray(), buffer.Values(0)[..100].ToArray());
    }

    [Fact]
    public void No_step_allocates_after_the_first()
    {
        var traffic = new AuctionNetTraffic(9, 4, TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 20_000 });
        var buffer = new TrafficStep();
        traffic.Generate(0, buffer);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 1; step < 48; step++) traffic.Generate(step, buffer);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Prediction_noise_follows_its_law()
    {
        double biasSquares = 0, biases = 0;
        const int advertisers = 1000, draws = 200;
        for (int advertiser = 0; advertiser < advertisers; advertiser++)
        {
            PredictionNoise noise = PredictionNoise.For(2, 0, advertiser);
            Assert.InRange(noise.Level, 0, 0.3);
            Assert.InRange(noise.Relative(-50), 0, 0.3);
            double bias = 0;
            for (int i = 0; i < draws; i++)
            {
                double value = noise.TrueValue(0.5, 0.2, (i + 0.5) / draws);
                Assert.InRange(value, 0.5 * 0.6 - 1e-5, 0.5 * 1.4 + 1e-5);
                bias += (value - 0.5) / (0.5 * 0.2) / draws;
            }

            biases += bias / advertisers;
            biasSquares += bias * bias / advertisers;
        }

        Assert.Equal(0, biases, 0.03);
        Assert.Equal(0.29, Math.Sqrt(biasSquares), 0.02);
        Assert.Equal(0, PredictionNoise.For(2, 0, 0).TrueValue(0, 0.3, 0.9));
        Assert.Equal(1, PredictionNoise.For(2, 0, 0).TrueValue(1, 0.3, 0.999999));
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { OpportunitiesPerPeriod = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { MeanValue = double.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { Advertisers = 0 }));
    }
}
