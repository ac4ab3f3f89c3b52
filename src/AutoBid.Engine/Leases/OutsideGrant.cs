using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Leases;

/// <summary>A grant to a DSP that bids by itself, and what its lease has left for bills after it, nanos.</summary>
public readonly record struct OutsideGrant(LeaseGrant Grant, long LeftNanos);
