using AutoBid.Core.Campaigns;

namespace AutoBid.Engine.Ports;

/// <summary>One unpublished change.</summary>
public readonly record struct OutboxRow(long Id, Campaign Campaign);
