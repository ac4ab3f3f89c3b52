using System.Numerics;
using System.Runtime.InteropServices;

namespace AutoBid.Simulator.Auctions;

/// <summary>
/// The four highest bids of every opportunity and who made the first three. Ties go to the lower index. Missing bids are 0 with advertiser -1.
/// </summary>
public sealed class BidRanking
{
    /// <summary>Ranks kept: three slots and the bid that prices the third.</summary>
    public const int Ranks = 4;

    private readonly float[][] _bids = [[], [], [], []];
    private readonly int[][] _advertisers = [[], [], []];

    public int Opportunities { get; private set; }

    /// <summary>The bids of rank 0..3, by opportunity.</summary>
    public ReadOnlySpan<float> Bids(int rank) => _bids[rank].AsSpan(0, Opportunities);

    /// <summary>The advertisers of rank 0..2, by opportunity; -1 where nobody bid.</summary>
    public ReadOnlySpan<int> Advertisers(int rank) => _advertisers[rank].AsSpan(0, Opportunities);

    /// <summary>Ranks every opportunity.</summary>
    public void RankAll(BidMatrix bids)
    {
        Resize(bids.Opportunities);
        Rank(bids, 0, bids.Opportunities);
    }

    /// <summary>Ranks the opportunities from <paramref name="from"/> up to, not including, <paramref name="to"/>; ranges may run on several threads.</summary>
    public void Rank(BidMatrix bids, int from, int to)
    {
        int lane = Vector<float>.Count;
        ref float matrix = ref MemoryMarshal.GetReference(bids.Flat);
        int opportunity = from;
        for (; opportunity <= to - lane; opportunity += lane)
        {
            Vector<float> v0 = Vector<float>.Zero, v1 = Vector<float>.Zero, v2 = Vector<float>.Zero, v3 = Vector<float>.Zero;
            Vector<int> a0 = Vector<int>.AllBitsSet, a1 = a0, a2 = a0;
            nuint at = (nuint)opportunity;
            for (int advertiser = 0; advertiser < bids.Advertisers; advertiser++, at += (nuint)bids.Stride)
            {
                // Strictly greater: the advertiser met first, the lower index, keeps its rank in a tie. NaN compares false everywhere.
                Vector<float> bid = Vector.LoadUnsafe(ref matrix, at);
                bid = Vector.ConditionalSelect(Vector.GreaterThan(bid, Vector<float>.Zero), bid, Vector<float>.Zero);
                Vector<int> beats0 = Vector.GreaterThan(bid, v0);
                Vector<int> beats1 = Vector.GreaterThan(bid, v1);
                Vector<int> beats2 = Vector.GreaterThan(bid, v2);
                var self = new Vector<int>(advertiser);
                a2 = Vector.ConditionalSelect(beats1, a1, Vector.ConditionalSelect(beats2, self, a2));
                a1 = Vector.ConditionalSelect(beats0, a0, Vector.ConditionalSelect(beats1, self, a1));
                a0 = Vector.ConditionalSelect(beats0, self, a0);
                v3 = Vector.MaxNative(v3, Vector.MinNative(v2, bid));
                v2 = Vector.MaxNative(v2, Vector.MinNative(v1, bid));
                v1 = Vector.MaxNative(v1, Vector.MinNative(v0, bid));
                v0 = Vector.MaxNative(v0, bid);
            }

            v0.CopyTo(_bids[0], opportunity);
            v1.CopyTo(_bids[1], opportunity);
            v2.CopyTo(_bids[2], opportunity);
            v3.CopyTo(_bids[3], opportunity);
            a0.CopyTo(_advertisers[0], opportunity);
            a1.CopyTo(_advertisers[1], opportunity);
            a2.CopyTo(_advertisers[2], opportunity);
        }

        for (; opportunity < to; opportunity++) RankOne(bids, opportunity);
    }

    /// <summary>Ranks one opportunity again after some of its bids changed.</summary>
    public void RankOne(BidMatrix bids, int opportunity)
    {
        float v0 = 0, v1 = 0, v2 = 0, v3 = 0;
        int a0 = -1, a1 = -1, a2 = -1;
        ReadOnlySpan<float> flat = bids.Flat;
        for (int advertiser = 0, at = opportunity; advertiser < bids.Advertisers; advertiser++, at += bids.Stride)
        {
            float bid = flat[at];
            if (!(bid > v3)) continue;
            if (bid > v2)
            {
                v3 = v2;
                if (bid > v1)
                {
                    (v2, a2) = (v1, a1);
                    if (bid > v0)
                    {
                        (v1, a1) = (v0, a0);
                        (v0, a0) = (bid, advertiser);
                    }
                    else
                    {
                        (v1, a1) = (bid, advertiser);
                    }
                }
                else
                {
                    (v2, a2) = (bid, advertiser);
                }
            }
            else
            {
                v3 = bid;
            }
        }

        _bids[0][opportunity] = v0;
        _bids[1][opportunity] = v1;
        _bids[2][opportunity] = v2;
        _bids[3][opportunity] = v3;
        _advertisers[0][opportunity] = a0;
        _advertisers[1][opportunity] = a1;
        _advertisers[2][opportunity] = a2;
    }

    /// <summary>Prepares for a step; the contents are undefined until ranked.</summary>
    public void Resize(int opportunities)
    {
        Opportunities = opportunities;
        if (_bids[0].Length >= opportunities) return;
        for (int rank = 0; rank < Ranks; rank++) _bids[rank] = new float[opportunities];
        for (int rank = 0; rank < _advertisers.Length; rank++) _advertisers[rank] = new int[opportunities];
    }
}
