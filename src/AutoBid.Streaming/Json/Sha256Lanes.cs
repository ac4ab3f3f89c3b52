using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AutoBid.Streaming.Json;

/// <summary>
/// SHA-256 (FIPS 180-4) of eight messages of equal length in blocks at once, one message in each 32-bit lane. A call of the platform's one-shot hash costs
/// about a microsecond before it hashes anything; a lane of eight costs a twentieth of that for the short keys of events.
/// </summary>
internal static class Sha256Lanes
{
    public const int Lanes = 8;

    public const int BlockBytes = 64;

    private static readonly uint[] Constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
        0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
        0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
        0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    private static readonly uint[] Start = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    /// <summary>False: the machine has no vectors of eight lanes, and one message after the other is faster.</summary>
    public static bool IsSupported => Vector256.IsHardwareAccelerated;

    /// <summary>Blocks that a message of so many bytes takes with its padding.</summary>
    public static int BlocksOf(int bytes) => (bytes + 9 + BlockBytes - 1) / BlockBytes;

    /// <summary>Ends a message in its blocks: the bit behind it, zeros, its length in bits.</summary>
    public static void Pad(Span<byte> blocks, int length)
    {
        blocks[length..].Clear();
        blocks[length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(blocks[^8..], 8UL * (uint)length);
    }

    /// <summary>The first four words of each lane's hash.</summary>
    /// <param name="messages">Padded messages of <paramref name="blocks"/> blocks, one behind the other.</param>
    /// <param name="first">Words 0 and 1 as one number, lane by lane.</param>
    /// <param name="second">Words 2 and 3.</param>
    [SkipLocalsInit]
    public static void Hash(ReadOnlySpan<byte> messages, int blocks, Span<ulong> first, Span<ulong> second)
    {
        Span<Vector256<uint>> state = stackalloc Vector256<uint>[8];
        Span<Vector256<uint>> words = stackalloc Vector256<uint>[16];
        for (int i = 0; i < 8; i++) state[i] = Vector256.Create(Start[i]);
        int stride = blocks * BlockBytes;
        for (int block = 0; block < blocks; block++)
        {
            for (int t = 0; t < 16; t++)
            {
                ReadOnlySpan<byte> at = messages[(block * BlockBytes + 4 * t)..];
                words[t] = Vector256.Create(
                    BinaryPrimitives.ReadUInt32BigEndian(at), BinaryPrimitives.ReadUInt32BigEndian(at[stride..]),
                    BinaryPrimitives.ReadUInt32BigEndian(at[(2 * stride)..]), BinaryPrimitives.ReadUInt32BigEndian(at[(3 * stride)..]),
                    BinaryPrimitives.ReadUInt32BigEndian(at[(4 * stride)..]), BinaryPrimitives.ReadUInt32BigEndian(at[(5 * stride)..]),
                    BinaryPrimitives.ReadUInt32BigEndian(at[(6 * stride)..]), BinaryPrimitives.ReadUInt32BigEndian(at[(7 * stride)..]));
            }

            Compress(state, words);
        }

        for (int lane = 0; lane < Lanes; lane++)
        {
            first[lane] = (ulong)state[0][lane] << 32 | state[1][lane];
            second[lane] = (ulong)state[2][lane] << 32 | state[3][lane];
        }
    }

    private static void Compress(Span<Vector256<uint>> state, Span<Vector256<uint>> w)
    {
        Vector256<uint> a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
        for (int t = 0; t < 64; t++)
        {
            Vector256<uint> word = w[t & 15];
            if (t >= 16)
            {
                Vector256<uint> early = w[(t + 1) & 15], late = w[(t + 14) & 15];
                word += (Right(early, 7) ^ Right(early, 18) ^ (early >>> 3)) + w[(t + 9) & 15] + (Right(late, 17) ^ Right(late, 19) ^ (late >>> 10));
                w[t & 15] = word;
            }

            Vector256<uint> one = h + (Right(e, 6) ^ Right(e, 11) ^ Right(e, 25)) + (g ^ (e & (f ^ g))) + Vector256.Create(Constants[t]) + word;
            Vector256<uint> two = (Right(a, 2) ^ Right(a, 13) ^ Right(a, 22)) + ((a & b) | (c & (a | b)));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + one, c, b, a, one + two);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Right(Vector256<uint> x, int bits) => (x >>> bits) | (x << (32 - bits));
}
