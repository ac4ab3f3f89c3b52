namespace AutoBid.Policies.Models;

/// <summary>Settings of the model registry.</summary>
public sealed record ModelRegistryOptions
{
    /// <summary>cpu or cuda.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>SHA-256 of the population prior in use; null: models are not checked against it.</summary>
    public string? PriorSha256 { get; init; }

    /// <summary>A model whose card states a larger p99 on this device is refused.</summary>
    public double DeadlineMs { get; init; } = 50;
}
