namespace AutoBid.OpenRtb.Notices;

/// <summary>What the price parameter of a notice said.</summary>
public enum NoticePrice
{
    /// <summary>Absent, empty or a macro the exchange did not substitute: settle at the bid, flagged.</summary>
    AtBid,

    /// <summary>A number.</summary>
    Stated,

    /// <summary>AUDIT: an exchange's test call, to be ignored.</summary>
    Audit,
}
