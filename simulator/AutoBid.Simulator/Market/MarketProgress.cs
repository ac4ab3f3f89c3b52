namespace AutoBid.Simulator.Market;

/// <summary>Where a played day stands, reported at the end of each step.</summary>
/// <param name="Step">Steps played.</param>
/// <param name="Steps">Steps to play.</param>
public readonly record struct MarketProgress(int Step, int Steps, long Requests, long Bids, long Wins, long CostNanos, long Conversions);
