using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Frozen;

namespace AutoBid.Simulator.Oracles;

/// <summary>One key beside all three oracles.</summary>
/// <param name="Played">What the seat itself got: its score (SpendFirst) or value (TargetFirst), in expected conversions.</param>
/// <param name="Hindsight">S*: the best constant multiplier.</param>
/// <param name="MarginalPrice">Upper bound in the live auction, rivals frozen.</param>
/// <param name="LeastWinningCost">Upper bound of log replay; not reachable live.</param>
public readonly record struct OracleRow(
    int LineUp, int Period, int Seat, PacingMode Mode, double Played, OracleResult Hindsight, OracleBound MarginalPrice, OracleBound LeastWinningCost);
