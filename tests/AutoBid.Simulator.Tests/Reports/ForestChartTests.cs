using AutoBid.Simulator.Evaluation.Statistics;
using AutoBid.Simulator.Reports;

namespace AutoBid.Simulator.Tests.Reports;

public sealed class ForestChartTests
{
    private static PairedDifference Between(double low, double high) => new((low + high) / 2, new Interval(low, high), 0.5);

    [Fact]
    public void A_policy_far_behind_does_not_squeeze_the_contenders()
    {
        (double low, double high) = ForestChart.Range([[Between(-0.52, -0.48), null, Between(-0.02, 0.025)]]);
        Assert.InRange(low, -0.08, -0.025);
        Assert.InRange(high, 0.025, 0.08);
    }

    [Fact]
    public void One_that_is_alone_behind_is_shown()
    {
        (double low, double high) = ForestChart.Range([[Between(-0.52, -0.48), null]]);
        Assert.InRange(low, -1, -0.52);
        Assert.Equal(0, high, 1e-12);
        Assert.Equal((-0.01, 0.01), ForestChart.Range([[null]]));
    }
}
