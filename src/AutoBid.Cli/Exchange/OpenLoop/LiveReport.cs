namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>All figures of a live run.</summary>
internal sealed record LiveReport
{
    public required string Target { get; init; }

    /// <summary>Start of its auction ids.</summary>
    public required string Run { get; init; }

    public required ulong Seed { get; init; }

    public required Arrivals Arrivals { get; init; }

    /// <summary>Requests a second that were asked for.</summary>
    public required double Rate { get; init; }

    public required double Seconds { get; init; }

    public required int Connections { get; init; }

    /// <summary>By which the delays of conversions were divided.</summary>
    public required double Speed { get; init; }

    /// <summary>http, or kafka and its servers.</summary>
    public required string ConversionsThrough { get; init; }

    public required OpenLoopResult Exchange { get; init; }

    public required IReadOnlyList<LiveCampaign> Campaigns { get; init; }

    /// <summary>Everything that must not happen and did; empty for a run that succeeded.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}
