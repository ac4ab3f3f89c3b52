using AutoBid.Cli.Output;

namespace AutoBid.Cli.Tests.Output;

public sealed class SparklineTests
{
    [Fact]
    public void RunsFromTheLowestToTheHighestBlock() => Assert.Equal("▁▂▃▄▅▆▇█", Sparkline.Of([1, 2, 4, 8, 16, 32, 64, 128], 48));

    [Fact]
    public void AFlatPathLiesInTheMiddle() => Assert.Equal("▅▅▅", Sparkline.Of([1, 1, 1], 48));

    [Fact]
    public void NothingIsNothing() => Assert.Equal("", Sparkline.Of([], 48));

    [Fact]
    public void ALongPathIsAveraged() => Assert.Equal(24, Sparkline.Of([.. Enumerable.Range(1, 48).Select(i => (double)i)], 24).Length);

    [Fact]
    public void SilenceIsBlank() => Assert.Equal("▁ █", Sparkline.Of([1, 0, 2], 48));
}
