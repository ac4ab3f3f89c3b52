using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Tests.Random;

public sealed class NormalDistributionTests
{
    // Values of standard tables.
    [Theory]
    [InlineData(0.0, 0.5)]
    [InlineData(1.0, 0.8413447460685429)]
    [InlineData(-1.0, 0.15865525393145707)]
    [InlineData(2.0, 0.9772498680518208)]
    [InlineData(-3.0, 0.0013498980316300946)]
    [InlineData(-3.6, 0.00015910859015753364)]
    [InlineData(-5.0, 2.866515718791939e-07)]
    [InlineData(-8.0, 6.220960574271784e-16)]
    public void Cdf_matches_tables(double z, double expected)
        => Assert.InRange(NormalDistribution.Cdf(z) / expected, 1 - 1e-12, 1 + 1e-12);

    [Theory]
    [InlineData(0.5, 0.0)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.01, -2.3263478740408408)]
    [InlineData(1e-6, -4.753424308822899)]
    [InlineData(1e-15, -7.941345326170998)]
    public void Quantile_matches_tables(double p, double expected)
        => Assert.Equal(expected, NormalDistribution.Quantile(p), 1e-9);

    [Fact]
    public void Quantile_inverts_the_cdf()
    {
        for (double z = -8; z <= 5; z += 0.037) Assert.Equal(z, NormalDistribution.Quantile(NormalDistribution.Cdf(z)), 1e-9);
    }

    [Fact]
    public void Single_precision_quantile_stays_within_3e_6_over_the_whole_range()
    {
        for (double c = -0.5 + Math.Pow(2, -25); c < 0.5; c += 0.000_37)
        {
            double exact = NormalDistribution.Quantile(0.5 + c);
            Assert.Equal(exact, NormalDistribution.QuantileOfCentred((float)c), 3e-6 + Math.Abs(exact) * 3e-6 + Slack(c));
        }

        // Near the ends one float step of the argument moves the quantile by more than the approximation error.
        static double Slack(double c) => 6e-8 / Math.Max(0.5 - Math.Abs(c), 3e-8) * 0.3;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void Quantile_refuses_what_is_not_a_probability(double p)
        => Assert.Throws<ArgumentOutOfRangeException>(() => NormalDistribution.Quantile(p));
}
