using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Tests.Demo;

public sealed class PrometheusTextTests
{
    private readonly PrometheusText _page = new(
        """
        # HELP bids_seconds Text with bids_seconds_bucket{le="1"} 99 in it.
        # TYPE bids_seconds histogram
        bids_seconds_bucket{result="bid",le="0.001"} 50
        bids_seconds_bucket{result="bid",le="0.002"} 90
        bids_seconds_bucket{result="bid",le="+Inf"} 100
        bids_seconds_bucket{result="no",le="0.001"} 50
        bids_seconds_bucket{result="no",le="0.002"} 100
        bids_seconds_bucket{result="no",le="+Inf"} 100
        bids_seconds_sum 1.5
        bids_seconds_count 200
        dup_total{kind="a b}c"} 2
        dup_total{kind="loss"} 3 1700000000
        dup_total_other 7
        bare 4
        """);

    [Fact]
    public void SumsOverLabels()
    {
        Assert.Equal(5, _page.Sum("dup_total"));
        Assert.Equal(4, _page.Sum("bare"));
        Assert.Null(_page.Sum("missing"));
    }

    [Fact]
    public void InterpolatesInsideBuckets()
    {
        LatencySummary summary = _page.Histogram("bids_seconds")!;
        Assert.Equal(200, summary.Count);
        Assert.Equal(1, summary.P50Ms, 6);
        Assert.Equal(1 + 80.0 / 90, summary.P90Ms, 6);
        // Beyond the last finite edge nothing is known but that edge.
        Assert.Equal(2, summary.P99Ms, 6);
        Assert.Equal(2, summary.MaxMs, 6);
    }

    [Fact]
    public void AMissingHistogramIsNone() => Assert.Null(_page.Histogram("dup"));
}
