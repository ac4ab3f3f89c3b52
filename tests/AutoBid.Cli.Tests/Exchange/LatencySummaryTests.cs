using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Tests.Exchange;

public sealed class LatencySummaryTests
{
    [Fact]
    public void TakesTheNearestRank()
    {
        double[] milliseconds = [.. Enumerable.Range(1, 1_000).Select(i => (double)i).OrderBy(i => i * 7919 % 1_000)];
        Assert.Equal(new LatencySummary(1_000, 500, 900, 990, 1_000, 999), LatencySummary.Of(milliseconds));
    }

    [Fact]
    public void OneIsAllOfThem() => Assert.Equal(new LatencySummary(1, 5, 5, 5, 5, 5), LatencySummary.Of(new double[] { 5 }));

    [Fact]
    public void NoneIsEmpty() => Assert.Equal(LatencySummary.Empty, new LatencyRecorder().Summarize());

    [Fact]
    public void TheRecorderGrows()
    {
        var recorder = new LatencyRecorder();
        for (int i = 1; i <= 10_000; i++) recorder.Add(TimeSpan.FromMilliseconds(i));
        Assert.Equal(new LatencySummary(10_000, 5_000, 9_000, 9_900, 10_000, 9_990), recorder.Summarize());
    }
}
