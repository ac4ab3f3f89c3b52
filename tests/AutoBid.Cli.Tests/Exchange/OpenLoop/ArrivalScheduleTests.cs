using AutoBid.Cli.Exchange.OpenLoop;

namespace AutoBid.Cli.Tests.Exchange.OpenLoop;

public sealed class ArrivalScheduleTests
{
    [Fact]
    public void PoissonArrivalsHaveTheRateAndExponentialGaps()
    {
        double[] due = Seconds(new ArrivalSchedule(Arrivals.Poisson, 500, TimeSpan.FromSeconds(100), 3));
        // Five standard deviations of a Poisson count.
        Assert.InRange(due.Length, 50_000 - 1_120, 50_000 + 1_120);
        double[] gaps = [.. due.Zip(due.Skip(1), (a, b) => (b - a) * 500)];
        Assert.All(gaps, gap => Assert.True(gap >= 0));
        Assert.InRange(gaps.Count(gap => gap > 1) / (double)gaps.Length, 0.357, 0.379);
        Assert.InRange(gaps.Count(gap => gap > 3) / (double)gaps.Length, 0.045, 0.055);
    }

    [Fact]
    public void ConstantArrivalsAreEqualGaps()
        => Assert.Equal([0, 0.25, 0.5, 0.75], Seconds(new ArrivalSchedule(Arrivals.Constant, 4, TimeSpan.FromSeconds(1), 3)), (a, b) => Math.Abs(a - b) < 1e-9);

    [Fact]
    public void AScheduleIsAFunctionOfItsSeed()
    {
        double[] first = Seconds(new ArrivalSchedule(Arrivals.Poisson, 50, TimeSpan.FromSeconds(2), 3));
        Assert.Equal(first, Seconds(new ArrivalSchedule(Arrivals.Poisson, 50, TimeSpan.FromSeconds(2), 3)));
        Assert.NotEqual(first, Seconds(new ArrivalSchedule(Arrivals.Poisson, 50, TimeSpan.FromSeconds(2), 4)));
    }

    private static double[] Seconds(ArrivalSchedule schedule)
    {
        var due = new List<double>();
        while (schedule.TryNext(out TimeSpan at)) due.Add(at.TotalSeconds);
        return [.. due];
    }
}
