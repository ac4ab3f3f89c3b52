namespace AutoBid.Simulator.Replay;

/// <summary>
/// Cells of price / (target x value): the multiplier that would just win an opportunity. 256 cells to an octave (0.2 to 0.4 % wide) over 2^-14 .. 2^14,
/// one below and one above; a cell is found by the bits of a double.
/// </summary>
internal static class PriceRatios
{
    public const int Octaves = 28;
    public const int CellsPerOctave = 256;
    public const int Cells = Octaves * CellsPerOctave + 2;

    private const int Shift = 52 - 8;

    private static readonly long Base = BitConverter.DoubleToInt64Bits(1.0 / (1 << 14)) >> Shift;

    /// <summary>The cell of a ratio of at least 0.</summary>
    public static int CellOf(double ratio) => (int)Math.Clamp((BitConverter.DoubleToInt64Bits(ratio) >> Shift) - Base + 1, 0, Cells - 1);

    /// <summary>The lowest ratio of a cell.</summary>
    public static double LowestOf(int cell) => cell == 0 ? 0 : BitConverter.Int64BitsToDouble((Base + cell - 1) << Shift);

    /// <summary>Per cell, an index at or before that of the first of these ascending multipliers that wins there.</summary>
    public static byte[] FirstOf(IReadOnlyList<double> multipliers)
    {
        var first = new byte[Cells];
        int at = 0;
        for (int cell = 0; cell < Cells; cell++)
        {
            while (at < multipliers.Count && multipliers[at] < LowestOf(cell)) at++;
            // One earlier: at a cell's edge a rounded product may already reach the price.
            first[cell] = (byte)Math.Max(at - 1, 0);
        }

        return first;
    }
}
