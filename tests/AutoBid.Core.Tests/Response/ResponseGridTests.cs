using AutoBid.Core.Response;

namespace AutoBid.Core.Tests.Response;

public sealed class ResponseGridTests
{
    [Fact]
    public void Grid_runs_from_a_tenth_to_four_in_equal_log_steps()
    {
        Assert.Equal(24, ResponseGrid.Multipliers.Length);
        Assert.Equal(0.1, ResponseGrid.Multipliers[0], 12);
        Assert.Equal(4, ResponseGrid.Multipliers[^1], 12);
        for (int i = 1; i < 24; i++) Assert.Equal(ResponseGrid.LogStep, ResponseGrid.Logs[i] - ResponseGrid.Logs[i - 1], 10);
    }

    [Fact]
    public void First_at_least_is_exact_on_and_around_every_point()
    {
        for (int i = 0; i < 24; i++)
        {
            double point = ResponseGrid.Multipliers[i];
            Assert.Equal(i, ResponseGrid.FirstAtLeast(point));
            Assert.Equal(i, ResponseGrid.FirstAtLeast(Math.BitDecrement(point)));
            Assert.Equal(i + 1, ResponseGrid.FirstAtLeast(Math.BitIncrement(point)));
        }

        Assert.Equal(0, ResponseGrid.FirstAtLeast(0));
        Assert.Equal(0, ResponseGrid.FirstAtLeast(-1));
        Assert.Equal(24, ResponseGrid.FirstAtLeast(1e300));
        Assert.Equal(24, ResponseGrid.FirstAtLeast(double.PositiveInfinity));
    }
}
