using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ports;

/// <summary>An event that was read but cannot be applied: goes to its topic's dead letters with the reason (unknown-campaign, too-old, ...).</summary>
public readonly record struct RejectedEvent(EngineEvent Event, string Reason);
