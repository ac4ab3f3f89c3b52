using System.Numerics;
using System.Runtime.InteropServices;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Auctions;

/// <summary>The bids of one step: a row of float32 (account currency per impression) per advertiser. Reused; grows to the largest step.</summary>
public sealed class BidMatrix
{
    private float[] _bids = [];

    public int Advertisers { get; private set; }

    public int Opportunities { get; private set; }

    internal int Stride { get; private set; }

    internal ReadOnlySpan<float> Flat => _bids;

    /// <summary>One advertiser's bids; length <see cref="Opportunities"/>. Bids of 0, below 0 or NaN never win.</summary>
    public Span<float> Row(int advertiser) => _bids.AsSpan(advertiser * Stride, Opportunities);

    /// <summary>Prepares for a step; the contents are undefined until every row is written.</summary>
    public void Resize(int advertisers, int opportunities)
    {
        int stride = TrafficStep.RowStride(opportunities);
        if (stride > Stride || advertisers * Stride > _bids.Length)
        {
            Stride = Math.Max(stride, Stride);
            _bids = new float[advertisers * Stride];
        }

        Advertisers = advertisers;
        Opportunities = opportunities;
    }

    /// <summary>bid = <paramref name="bidPerValue"/> x value for every opportunity of one advertiser.</summary>
    public void Fill(int advertiser, float bidPerValue, ReadOnlySpan<float> values) => Fill(Row(advertiser), bidPerValue, values);

    internal static void Fill(Span<float> row, float bidPerValue, ReadOnlySpan<float> values)
    {
        if (values.Length != row.Length) throw new ArgumentException("One value per opportunity is needed.", nameof(values));
        ref float from = ref MemoryMarshal.GetReference(values);
        ref float to = ref MemoryMarshal.GetReference(row);
        int i = 0;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
            Vector.StoreUnsafe(Vector.LoadUnsafe(ref from, (nuint)i) * bidPerValue, ref to, (nuint)i);
        for (; i < row.Length; i++) row[i] = values[i] * bidPerValue;
    }
}
