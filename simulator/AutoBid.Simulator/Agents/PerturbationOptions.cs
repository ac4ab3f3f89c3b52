namespace AutoBid.Simulator.Agents;

/// <summary>How far perturbed agents leave their policy (policies.md section 3, Coverage). Independent noise per step would average out over the day.</summary>
public sealed record PerturbationOptions
{
    /// <summary>Block factors are exp U(-x, x).</summary>
    public double LogFactor { get; init; } = 0.7;

    /// <summary>Blocks last 1 to this many steps.</summary>
    public int LongestBlock { get; init; } = 12;

    /// <summary>Start multipliers are log-uniform in [lowest, highest].</summary>
    public double LowestStart { get; init; } = 0.3;

    public double HighestStart { get; init; } = 3;
}
