namespace AutoBid.Core.Campaigns;

public enum CampaignStatus : byte
{
    Active,
    Paused,
    Archived,
}
