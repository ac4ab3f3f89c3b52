using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// A Bloom filter of 64-byte blocks: an identity sets one bit in each of the eight words of one block, so that a question costs one cache line
/// (F. Putze, P. Sanders, J. Singler, "Cache-, Hash- and Space-Efficient Bloom Filters", 2007). 12 bits an identity: about 0.5 % false positives.
/// </summary>
internal sealed class BlockedBloom(int capacity)
{
    private const int BitsPerIdentity = 12;
    private const int Words = 8;

    private readonly ulong[] _words = new ulong[Words * Math.Max(1, (int)(((long)capacity * BitsPerIdentity + 511) / 512))];

    /// <summary>Bytes of the filter.</summary>
    public long Bytes => 8L * _words.Length;

    public void Add(EventIdentity identity)
    {
        ulong bits = Spread(identity, out int block);
        foreach (ref ulong word in _words.AsSpan(block, Words))
        {
            word |= 1UL << (int)(bits & 63);
            bits >>= 6;
        }
    }

    /// <summary>False: it was never added. True: it was, or a stranger's bits cover it.</summary>
    public bool MayContain(EventIdentity identity)
    {
        ulong bits = Spread(identity, out int block);
        ulong missing = 0;
        foreach (ulong word in _words.AsSpan(block, Words))
        {
            missing |= ~word & (1UL << (int)(bits & 63));
            bits >>= 6;
        }

        return missing == 0;
    }

    // Identities are SHA-256 already; the product only keeps hand-made ones of a pattern apart.
    private ulong Spread(EventIdentity identity, out int block)
    {
        ulong mixed = (identity.High ^ (identity.Low >> 32)) * 0x9E3779B97F4A7C15;
        block = Words * (int)(((mixed >> 32) * (ulong)(_words.Length / Words)) >> 32);
        return (identity.Low ^ (identity.High >> 17)) * 0xD6E8FEB86659FD93 >> 8;
    }
}
