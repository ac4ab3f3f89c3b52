namespace AutoBid.Cli.Exchange;

/// <summary>One decision as GET /v1/campaigns/{id}/decisions tells it.</summary>
internal sealed record DecisionAnswer
{
    public DateTimeOffset Time { get; init; }

    public int Day { get; init; }

    public int Step { get; init; }

    public int Tick { get; init; }

    public required string Policy { get; init; }

    public string? Model { get; init; }

    public FallbackAnswer? Fallback { get; init; }

    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Null where the policy gave no number.</summary>
    public double? RawMultiplier { get; init; }

    public double Multiplier { get; init; }

    public double LatencyMs { get; init; }
}
