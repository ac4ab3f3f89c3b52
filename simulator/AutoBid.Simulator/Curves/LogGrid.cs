using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AutoBid.Core.Response;

namespace AutoBid.Simulator.Curves;

/// <summary>
/// Equally log-spaced thresholds with a look-up by the bits of a float32: finding a ratio's place costs a shift, a table entry and one comparison.
/// Each table cell (1/128 of an octave's mantissa range) holds at most one threshold.
/// </summary>
public sealed class LogGrid
{
    private const int Shift = 23 - 7;

    private readonly float[] _points;
    private readonly ushort[] _cells;
    private readonly int _firstBits;
    private readonly float _beyond;

    /// <param name="first">Lowest threshold, above 0.</param>
    /// <param name="last">Highest threshold.</param>
    /// <param name="points">Number of thresholds; neighbours must differ by at least 1.6 %.</param>
    public LogGrid(double first, double last, int points)
    {
        if (points < 2 || !(first > 0) || !(last > first) || !double.IsFinite(last)) throw new ArgumentException("A grid needs 0 < first < last and at least 2 points.", nameof(points));
        if (Math.Log(last / first) / (points - 1) < 0.016) throw new ArgumentException("The points are too close for the look-up.", nameof(points));
        // One entry more than there are thresholds stands for "beyond the last".
        _points = new float[points + 1];
        for (int i = 0; i < points; i++) _points[i] = (float)(first * Math.Pow(last / first, i / (double)(points - 1)));
        _firstBits = BitConverter.SingleToInt32Bits(_points[0]);
        _points[points] = float.PositiveInfinity;
        _beyond = MathF.BitIncrement(_points[points - 1]);
        _cells = new ushort[((BitConverter.SingleToInt32Bits(_beyond) - _firstBits) >> Shift) + 1];
        int at = 0;
        for (int cell = 0; cell < _cells.Length; cell++)
        {
            float low = BitConverter.Int32BitsToSingle(_firstBits + (cell << Shift));
            while (_points[at] < low) at++;
            _cells[cell] = (ushort)at;
        }
    }

    /// <summary>Core's 24 multipliers with <paramref name="parts"/> - 1 extra points between neighbours: index i x parts is grid point i.</summary>
    public static LogGrid Multipliers(int parts = 1)
        => new(ResponseGrid.Lowest, ResponseGrid.Lowest * ResponseGrid.Span, (ResponseGrid.Points - 1) * parts + 1);

    public int Count => _points.Length - 1;

    public ReadOnlySpan<float> Points => _points.AsSpan(0, Count);

    /// <summary>Index of the first threshold at or above <paramref name="ratio"/>; <see cref="Count"/> when all are below or the ratio is NaN.</summary>
    public int FirstAtLeast(float ratio)
    {
        Span<int> at = stackalloc int[1];
        Cells([Bound(ratio)], at);
        return at[0];
    }

    /// <summary>A ratio moved to just inside the table where it lies outside, without changing its place. NaN counts as beyond the last threshold.</summary>
    internal float Bound(float ratio) => ratio > _points[0] ? (ratio < _beyond ? ratio : _beyond) : ratio <= _points[0] ? _points[0] : _beyond;

    /// <summary><see cref="Bound(float)"/> for a vector.</summary>
    internal Vector<float> Bound(Vector<float> ratio)
    {
        var beyond = new Vector<float>(_beyond);
        Vector<float> within = Vector.ConditionalSelect(Vector.LessThan(ratio, beyond), ratio, beyond);
        return Vector.MaxNative(within, new Vector<float>(_points[0]));
    }

    /// <summary>The places of bounded ratios, without a branch: ratios come in no order that a processor could predict.</summary>
    internal void Cells(ReadOnlySpan<float> bounded, Span<int> into)
    {
        ref ushort cells = ref MemoryMarshal.GetArrayDataReference(_cells);
        ref float points = ref MemoryMarshal.GetArrayDataReference(_points);
        int firstBits = _firstBits;
        for (int i = 0; i < bounded.Length && i < into.Length; i++)
        {
            float ratio = bounded[i];
            int at = Unsafe.Add(ref cells, (BitConverter.SingleToInt32Bits(ratio) - firstBits) >> Shift);
            bool above = ratio > Unsafe.Add(ref points, at);
            into[i] = at + Unsafe.BitCast<bool, byte>(above);
        }
    }
}
