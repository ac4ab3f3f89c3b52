namespace AutoBid.Cli.Demo;

/// <summary>One campaign's day as the service's ledger and decision list tell it. Money in account currency.</summary>
internal sealed record CampaignReport
{
    public required string Id { get; init; }

    public required string Objective { get; init; }

    public required string Mode { get; init; }

    public required decimal Budget { get; init; }

    public required decimal Spend { get; init; }

    /// <summary>Spend / budget.</summary>
    public required double Share { get; init; }

    public required decimal Adjustments { get; init; }

    public required long Wins { get; init; }

    public required long Conversions { get; init; }

    public required decimal ConversionValue { get; init; }

    /// <summary>Sum of predicted value over wins.</summary>
    public required double ExpectedValue { get; init; }

    /// <summary>cpa or roas: what <see cref="Target"/> and <see cref="Achieved"/> are.</summary>
    public required string Measure { get; init; }

    /// <summary>Null for MaxConversions.</summary>
    public required decimal? Target { get; init; }

    /// <summary>Null while its denominator is 0.</summary>
    public required double? Achieved { get; init; }

    /// <summary>Executed multiplier at the end of each step.</summary>
    public required IReadOnlyList<double> MultiplierPath { get; init; }

    public required double MultiplierMin { get; init; }

    public required double MultiplierMax { get; init; }

    /// <summary>Decisions by fallback, <c>step:reason</c>.</summary>
    public required IReadOnlyDictionary<string, int> Fallbacks { get; init; }

    /// <summary>Decisions by guard reason.</summary>
    public required IReadOnlyDictionary<string, int> GuardReasons { get; init; }

    public required IReadOnlyList<DecisionLine> Decisions { get; init; }
}
