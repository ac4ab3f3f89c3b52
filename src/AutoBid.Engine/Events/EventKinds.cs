namespace AutoBid.Engine.Events;

/// <summary>The wire names of <see cref="EventKind"/>: on topics, in identities and as metric labels.</summary>
public static class EventKinds
{
    /// <summary>The kind as it is written on the wire.</summary>
    public static string Text(EventKind kind) => kind switch
    {
        EventKind.Bill => "bill",
        EventKind.Win => "win",
        EventKind.Loss => "loss",
        EventKind.Adjust => "adjust",
        EventKind.Convert => "convert",
        EventKind.Retract => "retract",
        EventKind.Restate => "restate",
        EventKind.Opportunity => "opportunity",
        EventKind.BidStats => "bidstats",
        EventKind.Campaign => "campaign",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
