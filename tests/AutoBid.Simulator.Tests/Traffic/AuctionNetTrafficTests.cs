using System.Runtime.InteropServices;
using System.Security.Cryptography;
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
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int step = 1; step < 48; step++) traffic.Generate(step, buffer);
        }));
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
    public void The_presets_numbers_are_pinned()
    {
        // The same bytes as before shifts existed: committed tables and training data rest on them.
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var traffic = new AuctionNetTraffic(9, 4, TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 20_000 });
        var buffer = new TrafficStep();
        for (int step = 0; step < 48; step++)
        {
            traffic.Generate(step, buffer);
            for (int advertiser = 0; advertiser < 48; advertiser++) hash.AppendData(MemoryMarshal.AsBytes(buffer.Values(advertiser)));
        }

        Assert.Equal("ba5cfe90721f9c7430a97a563e1899faf15214de474c0e70fd7bacb3de464541", Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(12)]
    [InlineData(16)]
    public void Regimes_may_last_otherwise(int length)
    {
        var usual = new AuctionNetTraffic(5, 1, TrafficOptions.FinalRound);
        var traffic = new AuctionNetTraffic(5, 1, TrafficOptions.FinalRound with { RegimeSteps = length });
        for (int step = 1; step < 48; step++) Assert.Equal(step % length != 0, traffic.Mean(step, 3) == traffic.Mean(step - 1, 3));
        // The levels themselves are the same draws in the same order.
        Assert.Equal(usual.Mean(8, 3), traffic.Mean(length, 3));
        Assert.Equal(usual.Volumes.ToArray(), traffic.Volumes.ToArray());
    }

    [Fact]
    public void Values_are_correlated_as_asked_and_keep_their_own_law()
    {
        const double rho = 0.5;
        // A spread of a fifth of the mean would be needed for no clipping at all; these seats and this step clip little.
        var plain = new AuctionNetTraffic(11, 0, TrafficOptions.FinalRound);
        var common = new AuctionNetTraffic(11, 0, TrafficOptions.FinalRound with { ValueCorrelation = rho });
        var one = new TrafficStep();
        var other = new TrafficStep();
        plain.Generate(18, one);
        common.Generate(18, other);
        double without = 0, with = 0;
        int pairs = 0;
        for (int a = 0; a < 48; a += 5)
        {
            Assert.Equal(one.Values(a).ToArray().Average(v => (double)v), other.Values(a).ToArray().Average(v => (double)v), 0.03 * plain.Mean(18, a));
            Assert.Equal(Spread(one.Values(a)), Spread(other.Values(a)), 0.03 * plain.Spread(18, a));
            for (int b = a + 1; b < 48; b += 7)
            {
                without += Correlation(one.Values(a), one.Values(b));
                with += Correlation(other.Values(a), other.Values(b));
                pairs++;
            }
        }

        Assert.Equal(0, without / pairs, 0.01);
        // Clipping at 0 takes a little of it.
        Assert.InRange(with / pairs, rho - 0.03, rho + 0.01);
        common.Generate(17, other);
        common.Generate(18, one);
        Assert.NotEqual(one.Values(0)[..50].ToArray(), other.Values(0)[..50].ToArray());
    }

    [Fact]
    public void Spikes_double_to_triple_whole_windows_and_leave_the_others()
    {
        int spiked = 0;
        const int periods = 60;
        for (int period = 0; period < periods; period++)
        {
            int[] usual = new AuctionNetTraffic(3, period, TrafficOptions.FinalRound).Volumes.ToArray();
            int[] shifted = new AuctionNetTraffic(3, period, TrafficOptions.FinalRound with { SpikeProbability = 0.25 }).Volumes.ToArray();
            for (int window = 0; window < 48; window += 4)
            {
                if (shifted[window] == usual[window])
                {
                    Assert.Equal(usual[window..(window + 4)], shifted[window..(window + 4)]);
                    continue;
                }

                spiked++;
                for (int step = window; step < window + 4; step++) Assert.InRange((double)shifted[step] / usual[step], 1.99, 3.0);
            }
        }

        Assert.Equal(0.25, spiked / (periods * 12.0), 0.05);
    }

    private static double Spread(ReadOnlySpan<float> values) => Math.Sqrt(Covariance(values, values));

    private static double Correlation(ReadOnlySpan<float> x, ReadOnlySpan<float> y) => Covariance(x, y) / Spread(x) / Spread(y);

    private static double Covariance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        double sumX = 0, sumY = 0, product = 0;
        for (int i = 0; i < x.Length; i++)
        {
            sumX += x[i];
            sumY += y[i];
            product += (double)x[i] * y[i];
        }

        return product / x.Length - sumX / x.Length * (sumY / x.Length);
    }

    [Fact]
    public void Options_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { OpportunitiesPerPeriod = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { MeanValue = double.NaN }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { Advertisers = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { RegimeSteps = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { ValueCorrelation = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuctionNetTraffic(1, 0, new TrafficOptions { SpikeProbability = double.NaN }));
    }
}
