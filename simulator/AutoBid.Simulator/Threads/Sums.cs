using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AutoBid.Simulator.Threads;

/// <summary>Sums of float32 in double, in eight fixed lanes: the same on every machine, whatever its vector length.</summary>
internal static class Sums
{
    public static double Of(ReadOnlySpan<float> values)
    {
        Vector256<double> low = Vector256<double>.Zero, high = Vector256<double>.Zero;
        ref float start = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; i <= values.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            (Vector256<double> first, Vector256<double> second) = Vector256.Widen(Vector256.LoadUnsafe(ref start, (nuint)i));
            low += first;
            high += second;
        }

        double sum = Vector256.Sum(low + high);
        for (; i < values.Length; i++) sum += values[i];
        return sum;
    }
}
