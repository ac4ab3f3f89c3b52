using System.Numerics;
using System.Runtime.InteropServices;

namespace AutoBid.Simulator.Random;

/// <summary>
/// The standard normal distribution. The single-precision quantile is z = q f(w) with q = 2 (p - 1/2), w = -ln(1 - q^2) and f a rational function
/// fitted by us on w in [0, 17] (the whole range of 24-bit uniforms; error below 2e-6). Scalar and vector forms do the same operations in the same
/// order, without fused multiply-add, so they agree bit for bit on every machine.
/// </summary>
public static class NormalDistribution
{
    private const float P0 = 1.2533221f, P1 = 0.55436087f, P2 = 0.12148312f, P3 = 0.017324636f, P4 = 0.0016714373f, P5 = 1.327281e-05f;
    private const float Q1 = 0.18057269f, Q2 = 0.03648585f, Q3 = 0.0046999645f, Q4 = 0.00016652554f;

    // ln(m) = f * polynomial(f), f = m - 1, m in [0.707, 1.414]; error 1.5e-7.
    private const float L0 = 0.99999994f, L1 = -0.50000274f, L2 = 0.33334494f, L3 = -0.24974675f, L4 = 0.19920598f, L5 = -0.17208722f, L6 = 0.16035005f, L7 = -0.10007898f;

    private const float Ln2 = 0.6931472f;
    private const int HalfBits = 0x3F3504F3;

    /// <summary>P(Z at most z).</summary>
    public static double Cdf(double z)
    {
        if (double.IsNaN(z)) return double.NaN;
        double x = Math.Abs(z);
        double upper = x < 3.5 ? 0.5 - CentralMass(x) : UpperTail(x);
        return z > 0 ? 1 - upper : upper;
    }

    /// <summary>The z with P(Z at most z) = p, for p in (0, 1); relative error about 1e-15 in the centre, 1e-12 in the tails.</summary>
    public static double Quantile(double p)
    {
        if (!(p > 0 && p < 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "A probability strictly between 0 and 1 is needed.");
        if (p > 0.5) return -Quantile(1 - p);
        double q = 1 - 2 * p;
        double w = -Math.Log(4 * p * (1 - p));
        double z = -q * ((((((P5 * w) + P4) * w + P3) * w + P2) * w + P1) * w + P0) / (((((Q4 * w) + Q3) * w + Q2) * w + Q1) * w + 1);
        for (int i = 0; i < 3; i++)
        {
            // Halley's step on Phi(z) = p; its error falls with the third power.
            double u = (Cdf(z) - p) / Density(z);
            z -= u / (1 + 0.5 * z * u);
        }

        return z;
    }

    /// <summary>Quantile of p = 1/2 + <paramref name="centred"/>, |centred| below 1/2.</summary>
    public static float QuantileOfCentred(float centred)
    {
        float r = 0.5f - MathF.Abs(centred);
        float q = centred + centred;
        float w = -Log(4f * r * (1f - r));
        float numerator = ((((P5 * w + P4) * w + P3) * w + P2) * w + P1) * w + P0;
        float denominator = (((Q4 * w + Q3) * w + Q2) * w + Q1) * w + 1f;
        return q * numerator / denominator;
    }

    /// <summary>Replaces each element c, |c| below 1/2, by the quantile of 1/2 + c.</summary>
    public static void QuantilesOfCentred(Span<float> values)
    {
        int i = 0;
        ref float start = ref MemoryMarshal.GetReference(values);
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> centred = Vector.LoadUnsafe(ref start, (nuint)i);
            Vector<float> r = new Vector<float>(0.5f) - Vector.Abs(centred);
            Vector<float> q = centred + centred;
            Vector<float> w = -Log(new Vector<float>(4f) * r * (Vector<float>.One - r));
            Vector<float> numerator = ((((w * P5 + V(P4)) * w + V(P3)) * w + V(P2)) * w + V(P1)) * w + V(P0);
            Vector<float> denominator = (((w * Q4 + V(Q3)) * w + V(Q2)) * w + V(Q1)) * w + Vector<float>.One;
            Vector.StoreUnsafe(q * numerator / denominator, ref start, (nuint)i);
        }

        for (; i < values.Length; i++) values[i] = QuantileOfCentred(values[i]);
    }

    private static Vector<float> V(float value) => new(value);

    private static float Log(float x)
    {
        int bits = BitConverter.SingleToInt32Bits(x);
        int exponent = (bits - HalfBits) >> 23;
        float f = BitConverter.Int32BitsToSingle(bits - (exponent << 23)) - 1f;
        float series = ((((((L7 * f + L6) * f + L5) * f + L4) * f + L3) * f + L2) * f + L1) * f + L0;
        return exponent * Ln2 + f * series;
    }

    private static Vector<float> Log(Vector<float> x)
    {
        Vector<int> bits = Vector.AsVectorInt32(x);
        Vector<int> exponent = (bits - new Vector<int>(HalfBits)) >> 23;
        Vector<float> f = Vector.AsVectorSingle(bits - (exponent << 23)) - Vector<float>.One;
        Vector<float> series = ((((((f * L7 + V(L6)) * f + V(L5)) * f + V(L4)) * f + V(L3)) * f + V(L2)) * f + V(L1)) * f + V(L0);
        return Vector.ConvertToSingle(exponent) * Ln2 + f * series;
    }

    private static double Density(double z) => Math.Exp(-0.5 * z * z) * 0.39894228040143267794;

    // Phi(x) - 1/2 = density(x) * (x + x^3/3 + x^5/(3*5) + ...): all terms positive, no cancellation.
    private static double CentralMass(double x)
    {
        double term = x, sum = x;
        for (int k = 3; term > 1e-17 * sum; k += 2)
        {
            term *= x * x / k;
            sum += term;
        }

        return Density(x) * sum;
    }

    // Mills' ratio as the continued fraction 1/(x + 1/(x + 2/(x + 3/(x + ...)))); 80 levels are exact to double precision from x = 3.5 on.
    private static double UpperTail(double x)
    {
        double fraction = x;
        for (int k = 80; k >= 1; k--) fraction = x + k / fraction;
        return Density(x) / fraction;
    }
}
