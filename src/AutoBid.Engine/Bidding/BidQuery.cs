namespace AutoBid.Engine.Bidding;

/// <summary>One candidate's side of one opportunity.</summary>
/// <param name="Campaign">Index of the campaign.</param>
/// <param name="Value">Predicted value: P(conversion), or revenue in account currency.</param>
/// <param name="FloorNanos">Floor in account currency, nanos per impression; 0: none.</param>
/// <param name="IsDealFloor">Whether it is a deal's.</param>
public readonly record struct BidQuery(int Campaign, double Value, long FloorNanos, bool IsDealFloor);
