namespace AutoBid.Engine.Events;

/// <summary>What an input event says. The topic follows from the kind.</summary>
public enum EventKind : byte
{
    // autobid.spend
    Bill,
    Win,
    Loss,
    Adjust,

    // autobid.conversions
    Convert,
    Retract,
    Restate,

    // autobid.opportunities
    Opportunity,

    // autobid.bidstats
    BidStats,

    // autobid.campaigns
    Campaign,
}
