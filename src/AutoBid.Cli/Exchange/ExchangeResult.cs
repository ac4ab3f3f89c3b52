namespace AutoBid.Cli.Exchange;

/// <summary>What the exchange counted and measured over the day.</summary>
internal sealed record ExchangeResult
{
    public required long Requests { get; init; }

    public required long Bids { get; init; }

    public required long Wins { get; init; }

    public required long NoBids { get; init; }

    /// <summary>No-bids by nbr; "204" for an answer without a body.</summary>
    public required IReadOnlyDictionary<string, long> NoBidReasons { get; init; }

    /// <summary>Opportunities nobody could value, for which no request was sent.</summary>
    public required long WithoutValue { get; init; }

    public required long Notices { get; init; }

    public required long NoticeRetries { get; init; }

    public required IReadOnlyDictionary<string, long> NoticeFailures { get; init; }

    public required IReadOnlyDictionary<string, long> BidFailures { get; init; }

    public required IReadOnlyDictionary<string, long> EventFailures { get; init; }

    public required long Conversions { get; init; }

    /// <summary>One per campaign of the market, in its order.</summary>
    public required IReadOnlyList<CampaignTotals> Campaigns { get; init; }

    /// <summary>Round trips of the bid requests as the exchange saw them.</summary>
    public required LatencySummary RoundTrip { get; init; }

    /// <summary>Calls of POST /v1/clock: all that a control tick does.</summary>
    public required LatencySummary Tick { get; init; }

    /// <summary>Control ticks the service was taken to.</summary>
    public required int Ticks { get; init; }

    public required long StepsClosed { get; init; }

    /// <summary>Events that the service applied, duplicates included.</summary>
    public required long Applied { get; init; }

    public required string DecisionsHash { get; init; }
}
