using System.Numerics;

namespace AutoBid.Core.Guarding;

/// <summary>The wire names of <see cref="GuardReasons"/>, in list order.</summary>
public static class GuardReasonNames
{
    private static readonly string[] Names =
    [
        "budget", "lease", "range-min", "range-max", "step", "cpa-projection", "roas-projection", "spend-rate", "floor", "deal-floor", "cap",
        "stale-multiplier", "stale-inputs", "nan", "cold-start", "paused", "schedule", "tenant", "currency", "tmax",
    ];

    public static IReadOnlyList<string> All => Names;

    /// <summary>The name of one flag.</summary>
    public static string Of(GuardReasons single) => Names[BitOperations.TrailingZeroCount((int)single)];

    /// <summary>The names of all flags, in list order; empty for none.</summary>
    public static string[] List(GuardReasons reasons)
    {
        if (reasons == GuardReasons.None) return [];
        var names = new string[BitOperations.PopCount((uint)reasons)];
        int n = 0;
        for (int bits = (int)reasons; bits != 0; bits &= bits - 1) names[n++] = Names[BitOperations.TrailingZeroCount(bits)];
        return names;
    }
}
