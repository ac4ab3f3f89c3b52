namespace AutoBid.OpenRtb.Profiles;

/// <summary>Notice URLs that a bid carries.</summary>
[Flags]
public enum NoticeChannels
{
    None = 0,
    Nurl = 1,
    Burl = 2,
    Lurl = 4,
    All = Nurl | Burl | Lurl,
}
