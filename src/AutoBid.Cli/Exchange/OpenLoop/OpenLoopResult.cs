using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>What the exchange counted and measured in a live run.</summary>
internal sealed record OpenLoopResult
{
    /// <summary>Requests that were due.</summary>
    public required long Due { get; init; }

    /// <summary>Requests that were sent.</summary>
    public required long Sent { get; init; }

    /// <summary>Requests a second from the start to the last send.</summary>
    public required double AchievedRate { get; init; }

    /// <summary>Sent more than 1 ms after they were due: every connection was busy, or this program was.</summary>
    public required long Late { get; init; }

    public required double WorstLateMs { get; init; }

    public required long Bids { get; init; }

    public required long Wins { get; init; }

    public required IReadOnlyDictionary<string, long> NoBidReasons { get; init; }

    /// <summary>Requests without a usable answer, by what happened; those never answered among them.</summary>
    public required IReadOnlyDictionary<string, long> Failures { get; init; }

    public required long Notices { get; init; }

    public required long NoticeRetries { get; init; }

    public required IReadOnlyDictionary<string, long> NoticeFailures { get; init; }

    /// <summary>Acknowledged.</summary>
    public required long Conversions { get; init; }

    public required IReadOnlyDictionary<string, long> ConversionFailures { get; init; }

    /// <summary>Would have come after the run's end.</summary>
    public required long ConversionsPending { get; init; }

    /// <summary>From the instant a request was due to its whole answer, without the warm-up.</summary>
    public required LatencySummary RoundTrip { get; init; }

    /// <summary>One per campaign of the market, in its order.</summary>
    public required IReadOnlyList<MarketTotals> Campaigns { get; init; }
}
