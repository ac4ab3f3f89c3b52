namespace AutoBid.Cli.Demo;

/// <summary>Totals of a run; wins, spend and conversions come from the ledger, the rest from the exchange and the service's counters.</summary>
internal sealed record RunTotals
{
    public required long Requests { get; init; }

    public required long Bids { get; init; }

    public required long NoBids { get; init; }

    public required IReadOnlyDictionary<string, long> NoBidReasons { get; init; }

    public required long Wins { get; init; }

    public required decimal Spend { get; init; }

    public required decimal Adjustments { get; init; }

    public required long Conversions { get; init; }

    public required long Notices { get; init; }

    public required long NoticeRetries { get; init; }

    /// <summary>Events applied, duplicates included.</summary>
    public required long Applied { get; init; }

    /// <summary>Events that came more than once; null when the service has no metrics.</summary>
    public required long? Duplicates { get; init; }

    public required int Ticks { get; init; }

    public required int Decisions { get; init; }

    /// <summary>Decisions that a fallback made in the policy's place.</summary>
    public required int Fallbacks { get; init; }

    public required long StepsClosed { get; init; }
}
