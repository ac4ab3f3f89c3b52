namespace AutoBid.Cli.Exchange;

/// <summary>Answer of GET /v1/campaigns/{id}/trajectory: the ledger's view of one day. Money in account currency.</summary>
internal sealed record TrajectoryAnswer
{
    public required string Campaign { get; init; }

    /// <summary>yyyymmdd; 0: no day has begun.</summary>
    public required int Day { get; init; }

    public required decimal Budget { get; init; }

    public required decimal Spent { get; init; }

    public required decimal Adjustments { get; init; }

    public required long Conversions { get; init; }

    public required decimal ConversionValue { get; init; }

    public double ExpectedValue { get; init; }

    public double Reference { get; init; }

    public double Multiplier { get; init; }

    public required IReadOnlyList<StepAnswer> Steps { get; init; }
}
