using AutoBid.Policies.Fallback;

namespace AutoBid.Cli.Demo;

/// <summary>All figures of one played day.</summary>
internal sealed record RunReport
{
    public required ulong Seed { get; init; }

    /// <summary>Of every campaign, under the name that its decisions carry.</summary>
    public required string Policy { get; init; }

    /// <summary>Why this policy, and which version of it, as it was when the campaigns were created; null: the service does not tell.</summary>
    public PolicyChoice? Choice { get; init; }

    /// <summary>Which way the events took: <c>embedded log</c>, <c>kafka embedded</c> or <c>kafka HOST:PORT</c>; for a service elsewhere its address, <c>memory</c> in process.</summary>
    public required string Events { get; init; }

    /// <summary>yyyymmdd.</summary>
    public required int Day { get; init; }

    public required int Steps { get; init; }

    public required double TickSeconds { get; init; }

    public required int RequestsPerStep { get; init; }

    public required double WallSeconds { get; init; }

    public required string DecisionsHash { get; init; }

    public required RunTotals Totals { get; init; }

    public required RunLatencies Latency { get; init; }

    public required IReadOnlyList<CampaignReport> Campaigns { get; init; }

    /// <summary>Everything that must not happen and did; empty for a run that succeeded.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}
