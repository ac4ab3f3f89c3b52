using AutoBid.Core.Response;

namespace AutoBid.Core.Tests.Response;

public sealed class ResponsePointsTests
{
    [Fact]
    public void A_sample_never_lies_below_the_one_before()
    {
        var samples = new double[50];
        ResponsePoints.Resample([1, 2, 4, 8], [1, 5, 3, 9], 0, Math.Log(8) / 49, samples);
        for (int i = 1; i < samples.Length; i++) Assert.True(samples[i] >= samples[i - 1]);
        Assert.Equal(1, samples[0], 9);
        Assert.Equal(9, samples[^1], 9);
    }

    [Fact]
    public void Grid_points_outside_the_given_points_are_unknown()
    {
        float[] cost = new float[24], value = new float[24];
        ResponsePoints.ResampleToGrid([40, 60, 90], [12, 40, 88], [0.3, 0.8, 1.4], 100, 2000, cost, value);
        for (int i = 0; i < 24; i++)
        {
            double multiplier = ResponseGrid.Multipliers[i];
            bool outside = multiplier < 0.4 / 1.18 || multiplier > 0.9 * 1.18;
            Assert.Equal(outside, float.IsNaN(cost[i]));
            Assert.Equal(outside, float.IsNaN(value[i]));
            if (multiplier is > 0.4 and < 0.9)
            {
                Assert.InRange(cost[i] * 2000, 12, 88);
                Assert.InRange(value[i] * 20, 0.3, 1.4);
            }
        }

        Assert.True(cost.Count(c => !float.IsNaN(c)) >= 5);
    }

    [Fact]
    public void Two_close_points_still_give_two_known_grid_points()
    {
        for (double at = 15; at < 380; at *= 1.03)
        {
            float[] cost = new float[24], value = new float[24];
            ResponsePoints.ResampleToGrid([at, at * 1.001], [1, 2], [1, 2], 100, 10, cost, value);
            Assert.True(cost.Count(c => !float.IsNaN(c)) >= 2);
        }
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1e16, 1, 1)]
    [InlineData(1, -1, 1)]
    [InlineData(1, 1e308, 1)]
    [InlineData(1, 1, double.NaN)]
    [InlineData(1, 1, 1e16)]
    public void What_cannot_be_computed_with_is_refused(double bid, double cost, double value)
    {
        Assert.Null(ResponsePoints.Check([1, 2], [1, 2], [1, 2]));
        Assert.NotNull(ResponsePoints.Check([bid, bid + 2], [cost, 2], [value, 2]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65)]
    public void Between_2_and_64_points(int count)
    {
        double[] x = [.. Enumerable.Range(1, count).Select(i => (double)i)];
        Assert.NotNull(ResponsePoints.Check(x, x, x));
    }
}
