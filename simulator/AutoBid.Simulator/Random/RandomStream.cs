using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoBid.Simulator.Random;

/// <summary>
/// A counter-based random stream: the draw at an index is a pure function of (seed, period, step, advertiser, purpose, index), the index being the
/// opportunity. No state moves on, so results depend neither on the order of evaluation nor on what other advertisers bid.
/// The generator is a keyed 64-bit finaliser over a Weyl sequence (splitmix64's construction); keys are hashed, so streams do not overlap in practice.
/// </summary>
public readonly struct RandomStream
{
    private const ulong Weyl = 0x9E3779B97F4A7C15;
    private const ulong MixA = 0xBF58476D1CE4E5B9;
    private const ulong MixB = 0x94D049BB133111EB;

    private const float Scale24 = 1f / (1 << 24);

    private readonly ulong _key;

    private RandomStream(ulong key) => _key = key;

    /// <summary>The stream of one purpose. Use 0 for coordinates the purpose does not have.</summary>
    public static RandomStream For(ulong seed, int period, int step, int advertiser, DrawPurpose purpose)
    {
        ulong key = Mix(seed + Weyl);
        key = Mix(key + Weyl * ((ulong)(uint)period + 1));
        key = Mix(key + Weyl * ((ulong)(uint)step + 1));
        key = Mix(key + Weyl * ((ulong)(uint)advertiser + 1));
        return new RandomStream(Mix(key + Weyl * ((ulong)(uint)purpose + 1)));
    }

    /// <summary>64 random bits.</summary>
    public ulong Bits(long index) => Mix(_key + (ulong)index * Weyl);

    /// <summary>Uniform in the open interval (0, 1), 52 bits.</summary>
    public double Uniform(long index) => ((Bits(index) >> 12) + 0.5) * (1.0 / (1L << 52));

    /// <summary>Uniform in (low, high).</summary>
    public double Uniform(long index, double low, double high) => low + (high - low) * Uniform(index);

    /// <summary>Standard normal, by the inverse distribution function.</summary>
    public double Normal(long index) => NormalDistribution.Quantile(Uniform(index));

    /// <summary>Exponential with mean 1.</summary>
    public double Exponential(long index) => -Math.Log(Uniform(index));

    /// <summary>Uniform in (-1/2, 1/2) on 24 bits: element <paramref name="index"/> of the bulk sequence that the Fill methods write.</summary>
    public float CentredUniform(int index)
    {
        ulong word = Bits(index >> 1);
        int half = (int)(uint)(word >> ((index & 1) * 32));
        return ((half >> 8) + 0.5f) * Scale24;
    }

    /// <summary>Uniform in (0, 1): element <paramref name="index"/> of what <see cref="FillUniforms"/> writes.</summary>
    public float SingleUniform(int index) => ToUnit(CentredUniform(index));

    /// <summary>Standard normal: element <paramref name="index"/> of what <see cref="FillNormals"/> writes, bit for bit.</summary>
    public float SingleNormal(int index) => NormalDistribution.QuantileOfCentred(CentredUniform(index));

    /// <summary>Uniforms for the indices 0 .. length - 1.</summary>
    public void FillUniforms(Span<float> destination)
    {
        FillCentred(destination);
        for (int i = 0; i < destination.Length; i++) destination[i] = ToUnit(destination[i]);
    }

    /// <summary>Standard normals for the indices 0 .. length - 1.</summary>
    public void FillNormals(Span<float> destination)
    {
        FillCentred(destination);
        NormalDistribution.QuantilesOfCentred(destination);
    }

    // Near 1 the sum would round up to 1, and an event of probability 1 would sometimes not happen.
    private static float ToUnit(float centred) => Math.Min(centred + 0.5f, 0.99999994f);

    private void FillCentred(Span<float> destination)
    {
        int i = 0;
        if (BitConverter.IsLittleEndian)
        {
            // One word feeds two neighbours, low half first: in memory order a vector of words is the vector of their elements.
            ref float start = ref MemoryMarshal.GetReference(destination);
            var half = new Vector<float>(0.5f);
            var scale = new Vector<float>(Scale24);
            Vector<ulong> counters = Vector.CreateSequence(0UL, 1UL) * Weyl + new Vector<ulong>(_key);
            var stride = new Vector<ulong>(unchecked((ulong)Vector<ulong>.Count * Weyl));
            for (; i <= destination.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<ulong> z = counters;
                z = (z ^ (z >>> 30)) * MixA;
                z = (z ^ (z >>> 27)) * MixB;
                z ^= z >>> 31;
                Vector<int> bits = Vector.AsVectorInt32(z) >> 8;
                Vector.StoreUnsafe((Vector.ConvertToSingle(bits) + half) * scale, ref start, (nuint)i);
                counters += stride;
            }
        }

        for (; i < destination.Length; i++) destination[i] = CentredUniform(i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * MixA;
        z = (z ^ (z >> 27)) * MixB;
        return z ^ (z >> 31);
    }
}
