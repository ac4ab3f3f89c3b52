namespace AutoBid.Policies.DecisionTransformer;

/// <summary>How the row of one step lies in memory: the z-scored state, then action, base and base mask; beside it the ratios it is calibrated by and the numbers to calibrate it anew.</summary>
/// <param name="Width">Columns of the state.</param>
/// <param name="PlainNumbers">Of the builder.</param>
internal readonly record struct RowShape(int Width, int PlainNumbers)
{
    public int Action => Width;

    public int Base => Width + 1;

    public int BaseMask => Width + 2;

    public int Floats => Width + 3;

    /// <summary>Two ratios, then the plain numbers.</summary>
    public int Doubles => 2 + PlainNumbers;
}
