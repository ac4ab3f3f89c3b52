using System.Numerics;

namespace AutoBid.Simulator.Traffic;

/// <summary>
/// The predicted values of one step, structure of arrays: a row of float32 per advertiser. Reused from step to step; it grows to the largest step
/// and then allocates no more.
/// </summary>
public sealed class TrafficStep
{
    private float[] _values = [];
    private float[] _common = [];
    private int _stride;

    public int Step { get; private set; }

    public int Opportunities { get; private set; }

    public int Advertisers { get; private set; }

    /// <summary>Predicted conversion probability of each opportunity for one advertiser; length <see cref="Opportunities"/>.</summary>
    public ReadOnlySpan<float> Values(int advertiser) => _values.AsSpan(advertiser * _stride, Opportunities);

    /// <summary>The writable rows, for traffic sources.</summary>
    public Span<float> MutableValues(int advertiser) => _values.AsSpan(advertiser * _stride, Opportunities);

    /// <summary>Draws that all advertisers' values share, where traffic is correlated; length <see cref="Opportunities"/>.</summary>
    internal Span<float> MutableCommon()
    {
        if (_common.Length < Opportunities) _common = new float[_stride];
        return _common.AsSpan(0, Opportunities);
    }

    /// <summary>Prepares for a step. The contents are undefined until every row is written.</summary>
    /// <param name="capacity">Opportunities of the largest step to come, so that memory is taken once.</param>
    public void Resize(int step, int advertisers, int opportunities, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(opportunities);
        int stride = RowStride(Math.Max(opportunities, capacity));
        if (_values.Length < stride * advertisers || _stride < stride)
        {
            _stride = Math.Max(stride, _stride);
            _values = new float[_stride * advertisers];
        }

        Step = step;
        Advertisers = advertisers;
        Opportunities = opportunities;
    }

    // One vector more than a multiple of the vector length: rows an exact power of two apart would fall into the same cache sets.
    internal static int RowStride(int opportunities)
    {
        int lane = Vector<float>.Count;
        return (opportunities + lane - 1) / lane * lane + lane;
    }
}
