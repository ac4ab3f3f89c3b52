namespace AutoBid.Policies.Ensemble;

/// <summary>Settings of the ensemble.</summary>
public sealed record EnsembleOptions
{
    /// <summary>Log range of the members' proposals beyond which none of them is believed and MPC's own multiplier is bid.</summary>
    public double LargestDisagreement { get; init; } = 1;

    /// <summary>What each proposal is multiplied by to make candidates.</summary>
    public IReadOnlyList<double> Factors { get; init; } = [1, 0.9, 1.1, 0.8, 1.25];
}
