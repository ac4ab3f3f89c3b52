namespace AutoBid.Policies.Mpc;

/// <summary>Settings of the predictive policy.</summary>
public sealed record MpcOptions
{
    /// <summary>Ignores the population prior and extrapolates recent curves to the end of the day: the published baseline, worse by a quarter of S*.</summary>
    public bool RecentCurvesOnly { get; init; }
}
