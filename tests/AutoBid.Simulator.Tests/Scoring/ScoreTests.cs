using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Tests.Scoring;

public sealed class ScoreTests
{
    [Theory]
    [InlineData(10, 900, 100, 10)]
    [InlineData(10, 1000, 100, 10)]
    [InlineData(10, 2000, 100, 2.5)]
    [InlineData(0, 500, 100, 0)]
    [InlineData(0, 0, 100, 0)]
    [InlineData(3, 0, 100, 3)]
    public void The_penalty_is_the_square_of_target_over_cpa(double conversions, double cost, double target, double expected)
        => Assert.Equal(expected, Score.Of(conversions, cost, target), 1e-9);
}
