namespace AutoBid.OpenRtb.Notices;

/// <summary>What a notice URL reports; also the last segment of its path.</summary>
public enum NoticeKind
{
    /// <summary>nurl: the bid won the auction.</summary>
    Win,

    /// <summary>burl: the impression is billed.</summary>
    Bill,

    /// <summary>lurl: the bid lost.</summary>
    Loss,
}
