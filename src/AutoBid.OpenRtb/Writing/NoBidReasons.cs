namespace AutoBid.OpenRtb.Writing;

/// <summary>Names of the reasons as metric labels, the same words as the guard's reasons where they mean the same.</summary>
public static class NoBidReasons
{
    /// <summary>A constant, lower case with hyphens; <c>unknown</c> for values outside the list.</summary>
    public static string Label(NoBidReason reason) => reason switch
    {
        NoBidReason.TechnicalError => "technical-error",
        NoBidReason.InvalidRequest => "invalid-request",
        NoBidReason.DailyUserCapMet => "daily-user-cap",
        NoBidReason.InsufficientAuctionTime => "tmax",
        NoBidReason.NoCandidates => "no-candidates",
        NoBidReason.Currency => "currency",
        NoBidReason.Paused => "paused",
        NoBidReason.Budget => "budget",
        NoBidReason.Tenant => "tenant",
        NoBidReason.Lease => "lease",
        NoBidReason.Schedule => "schedule",
        NoBidReason.Floor => "floor",
        NoBidReason.DealFloor => "deal-floor",
        NoBidReason.Cap => "cap",
        NoBidReason.DealRequired => "deal-required",
        NoBidReason.StaleMultiplier => "stale-multiplier",
        NoBidReason.UnknownCampaign => "unknown-campaign",
        NoBidReason.MarkupNotOffered => "markup-not-offered",
        NoBidReason.MarkupAmbiguous => "markup-ambiguous",
        NoBidReason.OutbidInside => "outbid-inside",
        NoBidReason.Seat => "seat",
        NoBidReason.ZeroPrice => "zero-price",
        NoBidReason.SpendRate => "spend-rate",
        NoBidReason.Overload => "overload",
        NoBidReason.Target => "target",
        _ => "unknown",
    };
}
