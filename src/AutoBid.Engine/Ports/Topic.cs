using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ports;

/// <summary>The keyed input topics the engine consumes, and the outputs it publishes. Names as in design.md section 4.</summary>
public static class Topic
{
    public const string Spend = "autobid.spend";
    public const string Conversions = "autobid.conversions";
    public const string Opportunities = "autobid.opportunities";
    public const string BidStats = "autobid.bidstats";
    public const string Outcomes = "autobid.outcomes";
    public const string Campaigns = "autobid.campaigns";
    public const string Multipliers = "autobid.multipliers";
    public const string Decisions = "autobid.decisions";

    /// <summary>What an engine reads; all keyed by campaign, all with the same number of partitions.</summary>
    public static readonly string[] Inputs = [Spend, Conversions, Opportunities, BidStats, Campaigns];

    public static readonly string[] Outputs = [Multipliers, Decisions, Outcomes];

    /// <summary>Where events that cannot be parsed go.</summary>
    public static string Dead(string topic) => topic + ".dead";

    public static string Of(EventKind kind) => kind switch
    {
        EventKind.Bill or EventKind.Win or EventKind.Loss or EventKind.Adjust => Spend,
        EventKind.Convert or EventKind.Retract or EventKind.Restate => Conversions,
        EventKind.Opportunity => Opportunities,
        EventKind.BidStats => BidStats,
        EventKind.Campaign => Campaigns,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
