namespace AutoBid.Simulator.Frozen;

/// <summary>The best constant multiplier in hindsight.</summary>
/// <param name="Score">S*: the score (SpendFirst), or the value of the oracle held to its target (TargetFirst), in expected conversions.</param>
/// <param name="Cost">Account currency.</param>
/// <param name="Value">Expected conversions.</param>
public readonly record struct OracleResult(double Multiplier, double Score, double Cost, double Value);
