namespace AutoBid.Engine.Ports;

/// <summary>Sum of the bills of one lease in this commit.</summary>
public readonly record struct LeaseSettlement(long LeaseId, long AmountNanos);
