namespace AutoBid.Simulator.Oracles;

/// <summary>The best that one seat could have bought on a day, opportunity by opportunity.</summary>
/// <param name="Score">SpendFirst: the score. TargetFirst: the value bought with the target kept. In expected conversions.</param>
/// <param name="Cost">Account currency.</param>
/// <param name="Value">Expected conversions.</param>
/// <param name="MarginalPrice">Price per unit of value of the dearest item bought, account currency; 0 when nothing was.</param>
public readonly record struct OracleBound(double Score, double Cost, double Value, double MarginalPrice);
