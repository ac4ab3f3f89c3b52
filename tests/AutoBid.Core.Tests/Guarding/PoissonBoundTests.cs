using AutoBid.Core.Guarding;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Guarding;

public sealed class PoissonBoundTests
{
    /// <summary>The mean m with P(X &lt;= count | m) = 1 - confidence, by bisection on the summed probabilities.</summary>
    private static double Exact(int count, double confidence)
    {
        double low = 0, high = 10 * count + 50;
        for (int i = 0; i < 200; i++)
        {
            double mean = (low + high) / 2, term = Math.Exp(-mean), sum = term;
            for (int k = 1; k <= count; k++) sum += term *= mean / k;
            if (sum > 1 - confidence) low = mean;
            else high = mean;
        }

        return (low + high) / 2;
    }

    [Theory]
    [InlineData(0, 4.60517)]
    [InlineData(1, 6.63835)]
    [InlineData(5, 13.10848)]
    [InlineData(10, 20.14468)]
    public void Known_values_at_99_percent(int count, double mean)
    {
        Assert.Equal(mean, Exact(count, 0.99), 4);
        Assert.Equal(mean, PoissonBound.Upper(count, 0.99), mean * 0.01);
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.95)]
    [InlineData(0.99)]
    public void Within_one_percent_of_the_exact_bound(double confidence)
    {
        for (int count = 0; count <= 200; count++)
        {
            double exact = Exact(count, confidence);
            Assert.InRange(PoissonBound.Upper(count, confidence) / exact, 0.99, 1.01);
        }
    }

    [Fact]
    public void It_rises_with_the_count_and_with_the_confidence()
        => Prop.ForAll<PositiveInt, PositiveInt>((a, b) =>
        {
            double low = Math.Min(a.Get, b.Get) / 7.0, high = Math.Max(a.Get, b.Get) / 7.0;
            return PoissonBound.Upper(low, 0.99) <= PoissonBound.Upper(high, 0.99) && PoissonBound.Upper(low, 0.9) < PoissonBound.Upper(low, 0.99)
                && PoissonBound.Upper(high, 0.99) > high;
        }).Check(Checks.Config);

    [Fact]
    public void Less_than_nothing_counts_as_nothing() => Assert.Equal(PoissonBound.Upper(0, 0.99), PoissonBound.Upper(-3, 0.99));
}
