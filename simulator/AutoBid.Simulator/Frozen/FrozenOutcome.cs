namespace AutoBid.Simulator.Frozen;

/// <summary>What a candidate's day cost and brought.</summary>
/// <param name="Cost">Account currency.</param>
/// <param name="Value">Expected conversions: predicted value over exposed impressions.</param>
public readonly record struct FrozenOutcome(double Cost, double Value, int Conversions);
