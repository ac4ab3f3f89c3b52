namespace AutoBid.Engine.Ports;

/// <summary>Serialised state of one campaign.</summary>
public readonly record struct CampaignState(string TenantId, string CampaignId, int Day, byte[] Blob);
