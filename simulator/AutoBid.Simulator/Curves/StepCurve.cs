namespace AutoBid.Simulator.Curves;

/// <summary>Cost and value of one step against the multiplier, for one advertiser. Reused.</summary>
public sealed class StepCurve(int points)
{
    /// <summary>Account currency at each grid point.</summary>
    public double[] Cost { get; } = new double[points];

    /// <summary>Expected value at each grid point.</summary>
    public double[] Value { get; } = new double[points];

    internal void Clear()
    {
        Array.Clear(Cost);
        Array.Clear(Value);
    }

    // What was entered at the first multiplier that reaches it counts for all higher ones.
    internal void Accumulate()
    {
        for (int i = 1; i < Cost.Length; i++)
        {
            Cost[i] += Cost[i - 1];
            Value[i] += Value[i - 1];
        }
    }
}
