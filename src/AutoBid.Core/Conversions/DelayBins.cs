using System.Numerics;

namespace AutoBid.Core.Conversions;

/// <summary>
/// Ages at which conversions arrive after their click, in 17 bins: the first minute (counts as at once), then bins that double, up to 30 days.
/// Ages are minutes where they are doubles, 100 ns ticks where they are longs.
/// </summary>
public static class DelayBins
{
    public const int Count = 17;

    /// <summary>What is older has arrived: the longest delay that is waited for.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private static readonly double LongestMinutes = Longest.TotalMinutes;

    /// <summary>Bin of a delay; a click after its conversion (clocks differ) counts as at once.</summary>
    public static int Of(long delayTicks)
        => delayTicks < TimeSpan.TicksPerMinute ? 0 : Math.Min(BitOperations.Log2((ulong)(delayTicks / TimeSpan.TicksPerMinute)) + 1, Count - 1);

    /// <summary>First age of a bin, minutes.</summary>
    public static double Start(int bin) => bin == 0 ? 0 : 1 << (bin - 1);

    /// <summary>Age at which a bin ends, minutes.</summary>
    public static double End(int bin) => bin == Count - 1 ? LongestMinutes : 1 << bin;

    /// <summary>
    /// The share of a bin that wins have passed, as the mean over wins whose ages spread evenly from <paramref name="youngest"/> to
    /// <paramref name="oldest"/> minutes. A win that is not older than 0 has passed nothing.
    /// </summary>
    public static double Passed(int bin, double youngest, double oldest)
    {
        double width = oldest - youngest;
        // The ends of a second-long spread cancel in the integral below.
        return width < 1e-3 ? PassedAt(bin, youngest) : Math.Clamp((Integral(bin, oldest) - Integral(bin, youngest)) / width, 0, 1);
    }

    private static double PassedAt(int bin, double age)
        => bin == 0 ? (age > 0 ? 1 : 0) : Math.Clamp((age - Start(bin)) / (End(bin) - Start(bin)), 0, 1);

    private static double Integral(int bin, double age)
    {
        double start = Start(bin), end = End(bin);
        if (bin == 0 || age <= start) return bin == 0 ? Math.Max(age, 0) : 0;
        double width = end - start;
        return age <= end ? (age - start) * (age - start) / (2 * width) : width / 2 + (age - end);
    }
}
