using AutoBid.Simulator.Reports;

namespace AutoBid.Simulator.Tests.Reports;

public sealed class AxisTests
{
    [Fact]
    public void Ticks_are_round_and_inside()
    {
        Assert.Equal([0, 0.2, 0.4, 0.6, 0.8, 1], Axis.Linear(0, 1, 0, 100).Ticks(5), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.False(double.IsNegative(Axis.Linear(0, 1, 0, 100).Ticks(5)[0]));
        Assert.Equal([0.1, 0.2, 0.5, 1, 2], Axis.Logarithmic(0.1, 4, 0, 1).Ticks(5), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal((0.6, 0.9), Axis.Widen(0.64, 0.87, 3), (a, b) => Math.Abs(a.Item1 - b.Item1) < 1e-9 && Math.Abs(a.Item2 - b.Item2) < 1e-9);
    }

    [Fact]
    public void Places_are_linear_or_logarithmic_and_end_at_the_edges()
    {
        Assert.Equal(25, Axis.Linear(0, 4, 0, 100).At(1), 1e-12);
        Assert.Equal(50, Axis.Logarithmic(0.25, 4, 0, 100).At(1), 1e-9);
        Assert.Equal(100, Axis.Logarithmic(0.25, 4, 0, 100).At(40), 1e-9);
        Assert.True(double.IsFinite(Axis.Linear(2, 2, 0, 10).At(2)));
    }

    [Fact]
    public void Labels_keep_their_distance_and_order()
    {
        double[] spread = Plot.Spread([10, 11, 12, 60], 0, 70, distance: 12);
        Assert.Equal([10, 22, 34, 60], spread);
        double[] pushed = Plot.Spread([60, 65, 68], 0, 70, distance: 12);
        Assert.Equal([46, 58, 70], pushed);
    }
}
