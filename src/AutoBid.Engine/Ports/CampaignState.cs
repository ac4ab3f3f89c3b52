namespace AutoBid.Engine.Ports;

/// <summary>Serialised state of one campaign.</summary>
/// <param name="Partition">The campaign's partition of every keyed topic: who owns that, owns the state.</param>
public readonly record struct CampaignState(string TenantId, string CampaignId, int Partition, int Day, byte[] Blob);
