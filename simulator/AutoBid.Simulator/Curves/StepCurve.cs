namespace AutoBid.Simulator.Curves;

/// <summary>Cost and value of one step against the multiplier, for one advertiser. Reused.</summary>
public sealed class StepCurve(int points)
{
    /// <summary>Account currency at each grid point.</summary>
    public double[] Cost { get; } = new double[points];

    /// <summary>Expected value at each grid point.</summary>
    public double[] Value { get; } = new double[points];
}
