namespace AutoBid.Policies.Diffusion;

/// <summary>Standard normal numbers that follow from campaign, day, step and seed alone: a replay plans what the first run planned, in any order and on any node.</summary>
internal static class PlanNoise
{
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    public static void Fill(Span<float> into, string campaign, int day, int step, ulong seed)
    {
        ulong state = Mix(seed ^ Golden);
        // UTF-16 units, not a hash code: that differs from process to process.
        foreach (char c in campaign) state = Mix(state ^ c);
        state = Mix(state ^ (uint)day);
        state = Mix(state ^ (uint)step);
        for (int i = 0; i < into.Length; i += 2)
        {
            (double x, double y) = Pair(ref state);
            into[i] = (float)x;
            if (i + 1 < into.Length) into[i + 1] = (float)y;
        }
    }

    /// <summary>Box and Muller's pair of independent normals.</summary>
    private static (double X, double Y) Pair(ref ulong state)
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(ref state)));
        (double sin, double cos) = Math.SinCos(2 * Math.PI * Uniform(ref state));
        return (radius * cos, radius * sin);
    }

    /// <summary>In [0, 1), 53 bits.</summary>
    private static double Uniform(ref ulong state)
    {
        state += Golden;
        return (Mix(state) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>The finaliser of SplitMix64.</summary>
    private static ulong Mix(ulong x)
    {
        x = (x ^ x >> 30) * 0xBF58_476D_1CE4_E5B9;
        x = (x ^ x >> 27) * 0x94D0_49BB_1331_11EB;
        return x ^ x >> 31;
    }
}
