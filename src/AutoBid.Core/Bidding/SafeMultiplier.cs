using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Bidding;

/// <summary>What is bid when nothing newer can be trusted: min(1, median executed multiplier of the last 8 steps), before any min(1, account constant).</summary>
public static class SafeMultiplier
{
    private const int Steps = 8;

    public static double Of(ReadOnlySpan<StepRow> closed, double accountConstant)
    {
        Span<float> executed = stackalloc float[Steps];
        int n = 0;
        for (int s = closed.Length - 1; s >= 0 && n < Steps; s--)
            if (closed[s].Multiplier > 0) executed[n++] = closed[s].Multiplier;
        if (n == 0) return Math.Min(1, accountConstant);
        Span<float> sorted = executed[..n];
        sorted.Sort();
        double median = n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0;
        return Math.Min(1, median);
    }
}
