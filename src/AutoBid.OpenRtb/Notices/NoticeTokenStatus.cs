namespace AutoBid.OpenRtb.Notices;

/// <summary>Result of reading a notice token.</summary>
public enum NoticeTokenStatus
{
    /// <summary>Not a token, an unknown version or key, or a signature that does not fit: HTTP 400.</summary>
    Invalid,

    /// <summary>Ours and in time.</summary>
    Valid,

    /// <summary>Ours, but past its expiry: HTTP 200 and dead letter <c>too-old</c> with the amount.</summary>
    Expired,
}
