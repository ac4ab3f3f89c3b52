using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ports;

/// <summary>An applied identity.</summary>
public readonly record struct SeenEvent(EventIdentity Identity, long ExpiresTicks);
