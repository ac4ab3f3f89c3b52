using AutoBid.Core.Conversions;

namespace AutoBid.Core.Tests.Conversions;

/// <summary>Streams with known delays and known P(conversion): what is expected in the end against what came in the end.</summary>
public sealed class FinalConversionsTests
{
    private const double Day = 1440;

    /// <summary>Ten days of wins, looked at in the middle of the last: its arrived and pending, and those of all days.</summary>
    private static (double Arrived, double Pending, double AllArrived, double AllDue, double Final) Stream(
        Random random, DelayCurve curve, double perDay, double calibration, double delayedDays = 9.6)
    {
        double now = delayedDays * Day, arrived = 0, pending = 0, allArrived = 0, allDue = 0, final = 0;
        const int WinsPerDay = 400;
        double value = perDay / WinsPerDay;
        for (int w = 0; w < 10 * WinsPerDay; w++)
        {
            double at = w * Day / WinsPerDay;
            if (at >= now) break;
            bool isToday = at >= 9 * Day;
            double due = curve.ArrivedBy(now - at) * value;
            allDue += due;
            if (isToday) pending += value - due;
            if (random.NextDouble() >= value * calibration) continue;
            bool came = random.NextDouble() < curve.ArrivedBy(now - at);
            if (came) allArrived++;
            if (!isToday) continue;
            final++;
            if (came) arrived++;
        }

        return (arrived, pending, allArrived, allDue, final);
    }

    private static DelayCurve Known(double mean)
    {
        // A prior that weighs everything is a known distribution.
        (TimeSpan, double)[] points = [.. Enumerable.Range(0, 15).Select(i => (TimeSpan.FromMinutes(1 << i), 1 - Math.Exp(-(1 << i) / mean)))];
        var curve = new DelayCurve();
        curve.Set(new DelayPrior(1e9, points));
        return curve;
    }

    [Theory]
    [InlineData(30, 1)]
    [InlineData(360, 1)]
    [InlineData(1440, 1)]
    [InlineData(2880, 1)]
    [InlineData(1440, 0.5)]
    [InlineData(1440, 1.5)]
    public void The_final_cpa_is_unbiased_and_inside_its_interval_from_50_conversions_on(double mean, double calibration)
    {
        DelayCurve curve = Known(mean);
        const int Runs = 400;
        int inside = 0;
        double expected = 0, real = 0;
        for (int run = 0; run < Runs; run++)
        {
            var day = Stream(new Random(run * 31 + (int)mean), curve, perDay: 60 / calibration, calibration);
            FinalConversions final = FinalConversions.Of(day.Arrived, day.Pending, day.AllArrived, day.AllDue, valueIsConversions: true);
            // CPA = spend / final: the interval of one is the interval of the other.
            if (Math.Abs(final.Expected - day.Final) <= 2 * final.Deviation + 0.5) inside++;
            expected += final.Expected;
            real += day.Final;
        }

        Assert.Equal(1, expected / real, 0.02);
        Assert.InRange(inside / (double)Runs, 0.93, 1);
    }

    [Fact]
    public void Nothing_pending_is_nothing_expected()
        => Assert.Equal(new FinalConversions(7, 0), FinalConversions.Of(7, 0, 7, 20, true));

    [Fact]
    public void Revenue_is_scaled_by_conversions_per_revenue()
    {
        Assert.Equal(new FinalConversions(0, 0), FinalConversions.Of(0, 500, 0, 300, valueIsConversions: false));
        Assert.Equal(4 + 500 * 10.0 / 1000, FinalConversions.Of(4, 500, 10, 1000, valueIsConversions: false).Expected, 9);
    }
}
