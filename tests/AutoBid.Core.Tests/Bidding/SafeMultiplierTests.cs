using AutoBid.Core.Bidding;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Tests.Bidding;

public sealed class SafeMultiplierTests
{
    private static StepRow[] Rows(params float[] executed) => Array.ConvertAll(executed, m => new StepRow { Multiplier = m });

    [Fact]
    public void Before_any_step_the_accounts_constant_but_at_most_1()
    {
        Assert.Equal(0.7, SafeMultiplier.Of([], 0.7));
        Assert.Equal(1, SafeMultiplier.Of([], 1.8));
        Assert.Equal(0.7, SafeMultiplier.Of(Rows(0, 0), 0.7));
    }

    [Fact]
    public void The_median_of_the_last_eight_executed_but_at_most_1()
    {
        Assert.Equal(0.5, SafeMultiplier.Of(Rows(0.5f), 0.7), 6);
        Assert.Equal(0.6, SafeMultiplier.Of(Rows(0.5f, 0.7f), 2), 6);
        Assert.Equal(1, SafeMultiplier.Of(Rows(3, 3, 0.1f), 2));
        // The two oldest of ten do not count: the eight last have median (0.4 + 0.5) / 2.
        Assert.Equal(0.45, SafeMultiplier.Of(Rows(0.01f, 0.01f, 0.8f, 0.1f, 0.7f, 0.2f, 0.6f, 0.3f, 0.5f, 0.4f), 2), 6);
    }
}
