using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace AutoBid.Core.Features;

/// <summary>
/// 128 bits that stand for contents within this process: two lanes of multiply and fold. Contents of equal shape that differ have different hashes but for
/// a chance of about 2^-128. No answer depends on its value, only on whether two are equal.
/// </summary>
public struct ContentHash
{
    // Drawn once per process: contents come from callers, and none of them may know how to make two that collide.
    private static readonly ulong[] Secret = Draw();

    private ulong _low = Secret[0];
    private ulong _high = Secret[1];

    public ContentHash()
    {
    }

    public readonly UInt128 Value => new(_high, _low);

    public void Add(ulong word)
    {
        _low = Fold(_low ^ word, Secret[2]);
        _high = Fold(_high + word, Secret[3]);
    }

    public void Add(double number) => Add(BitConverter.DoubleToUInt64Bits(number));

    public void Add(UInt128 hash)
    {
        Add((ulong)hash);
        Add((ulong)(hash >> 64));
    }

    /// <summary>Bytes of a length that the contents' shape says: their number is not part of the hash.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(bytes)) Add(word);
        int rest = bytes.Length % sizeof(ulong);
        if (rest == 0) return;
        ulong last = 0;
        foreach (byte b in bytes[^rest..]) last = last << 8 | b;
        Add(last);
    }

    private static ulong Fold(ulong x, ulong by)
    {
        ulong high = Math.BigMul(x, by, out ulong low);
        return high ^ low;
    }

    private static ulong[] Draw()
    {
        var secret = new ulong[4];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(secret.AsSpan()));
        // Even factors would lose bits.
        for (int i = 0; i < secret.Length; i++) secret[i] |= 1;
        return secret;
    }
}
