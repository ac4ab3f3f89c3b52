using AutoBid.Core.Response;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Tests.Curves;

public sealed class LogGridTests
{
    [Theory]
    [InlineData(0.1, 4, 24)]
    [InlineData(0.1, 4, 93)]
    [InlineData(1, 1000, 64)]
    [InlineData(0.3, 0.31, 2)]
    public void The_look_up_equals_a_linear_scan(double first, double last, int points)
    {
        var grid = new LogGrid(first, last, points);
        RandomStream draws = RandomStream.For(1, 0, 0, 0, DrawPurpose.Value);
        for (int i = 0; i < 20_000; i++) Check((float)(first * 0.5 * Math.Pow(4 * last / first, draws.Uniform(i))));
        foreach (float point in grid.Points)
        {
            Check(point);
            Check(MathF.BitDecrement(point));
            Check(MathF.BitIncrement(point));
        }

        foreach (float odd in (float[])[0, -1, float.Epsilon, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue]) Check(odd);

        void Check(float ratio)
        {
            int expected = 0;
            while (expected < points && !(ratio <= grid.Points[expected])) expected++;
            Assert.Equal(expected, grid.FirstAtLeast(ratio));
        }
    }

    [Fact]
    public void Multipliers_are_Cores_grid()
    {
        LogGrid plain = LogGrid.Multipliers(), fine = LogGrid.Multipliers(4);
        Assert.Equal(24, plain.Count);
        Assert.Equal(93, fine.Count);
        for (int i = 0; i < 24; i++)
        {
            Assert.Equal(ResponseGrid.Multipliers[i], plain.Points[i], 1e-6 * ResponseGrid.Multipliers[i]);
            Assert.Equal(ResponseGrid.Multipliers[i], fine.Points[4 * i], 1e-6 * ResponseGrid.Multipliers[i]);
        }
    }

    [Theory]
    [InlineData(0, 4, 24)]
    [InlineData(1, 1, 24)]
    [InlineData(1, 2, 1)]
    [InlineData(1, 2, 400)]
    [InlineData(1, double.PositiveInfinity, 4)]
    public void Grids_that_cannot_work_are_refused(double first, double last, int points)
        => Assert.Throws<ArgumentException>(() => new LogGrid(first, last, points));
}
