namespace AutoBid.Policies.Mpc;

/// <summary>Settings of the predictive policy.</summary>
public sealed record MpcOptions
{
    /// <summary>
    /// Extrapolates recent curves to the end of the day and takes only the day's volumes from a prior: the published baseline, worse by a quarter of S*.
    /// </summary>
    public bool RecentCurvesOnly { get; init; }

    /// <summary>Min-pacing in both modes: min(alpha_B, alpha_C), policies.md section 2.</summary>
    public bool AlwaysMinPacing { get; init; }

    /// <summary>Moves the prior's prices to the level that the day shows.</summary>
    public bool FollowsPriceLevel { get; init; } = true;
}
