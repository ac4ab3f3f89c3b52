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

    /// <param name="first">Lowest threshold, above 0.</param>
    /// <param name="last">Highest threshold.</param>
    /// <param name="points">Number of thresholds; neighbours must differ by at least 1.6 %.</param>
    public LogGrid(double first, double last, int points)
    {
        if (points < 2 || !(first > 0) || !(last > first) || !double.IsFinite(last)) throw new ArgumentException("A grid needs 0 < first < last and at least 2 points.", nameof(points));
        if (Math.Log(last / first) / (points - 1) < 0.016) throw new ArgumentException("The points are too close for the look-up.", nameof(points));
        _points = new float[points];
        for (int i = 0; i < points; i++) _points[i] = (float)(first * Math.Pow(last / first, i / (double)(points - 1)));
        _firstBits = BitConverter.SingleToInt32Bits(_points[0]);
        _cells = new ushort[((BitConverter.SingleToInt32Bits(_points[^1]) - _firstBits) >> Shift) + 1];
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

    public int Count => _points.Length;

    public ReadOnlySpan<float> Points => _points;

    /// <summary>Index of the first threshold at or above <paramref name="ratio"/>; <see cref="Count"/> when all are below or the ratio is NaN.</summary>
    public int FirstAtLeast(float ratio)
    {
        if (ratio <= _points[0]) return 0;
        if (!(ratio <= _points[^1])) return _points.Length;
        int at = _cells[(BitConverter.SingleToInt32Bits(ratio) - _firstBits) >> Shift];
        return ratio > _points[at] ? at + 1 : at;
    }
}
