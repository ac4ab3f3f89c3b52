namespace AutoBid.Server.Auth;

/// <summary>What a key may do.</summary>
[Flags]
public enum Scopes
{
    None = 0,
    Bid = 1,
    Decide = 2,
    Events = 4,
    CampaignsRead = 8,
    CampaignsWrite = 16,
    Admin = 32,
    All = 63,
}
