using AutoBid.Core.Campaigns;

namespace AutoBid.Engine.Ports;

/// <summary>Result of an update: applied, or refused because the stored version was another.</summary>
public readonly record struct CampaignUpdate(bool Applied, Campaign Stored);
