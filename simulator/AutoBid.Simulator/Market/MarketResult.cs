namespace AutoBid.Simulator.Market;

/// <summary>What the exchange counted over a played day, and where the bidder's clock calls left it.</summary>
public sealed record MarketResult
{
    public required long Requests { get; init; }

    public required long Bids { get; init; }

    public required long Wins { get; init; }

    public required long NoBids { get; init; }

    /// <summary>No-bids by the reason that the bidder gave.</summary>
    public required IReadOnlyDictionary<string, long> NoBidReasons { get; init; }

    /// <summary>Opportunities nobody could value, for which no request was sent.</summary>
    public required long WithoutValue { get; init; }

    /// <summary>Answers that an exchange cannot use, by what is wrong with them.</summary>
    public required IReadOnlyDictionary<string, long> BidFailures { get; init; }

    /// <summary>Conversions that were refused, by reason.</summary>
    public required IReadOnlyDictionary<string, long> EventFailures { get; init; }

    public required long Conversions { get; init; }

    /// <summary>One per campaign of the market, in its order.</summary>
    public required IReadOnlyList<MarketTotals> Campaigns { get; init; }

    /// <summary>Control ticks the bidder was taken to.</summary>
    public required int Ticks { get; init; }

    public required long StepsClosed { get; init; }

    /// <summary>Events that the bidder applied, duplicates included.</summary>
    public required long Applied { get; init; }

    public required string DecisionsHash { get; init; }
}
