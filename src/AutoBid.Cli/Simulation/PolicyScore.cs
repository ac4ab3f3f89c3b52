namespace AutoBid.Cli.Simulation;

/// <summary>All seats of one policy over all periods (policies.md section 1).</summary>
/// <param name="Seats">Seats per period.</param>
/// <param name="Expected">Mean score a seat and period on expected conversions.</param>
/// <param name="Realised">Mean score on drawn conversions.</param>
/// <param name="ShareOfOracle">Sum of expected scores / sum of S*; null without oracles.</param>
/// <param name="CpaValidity">Share of seats that kept their target on expected conversions.</param>
/// <param name="SpentShare">Spend / budget.</param>
/// <param name="ShareByPeriod">Share of S* per period, the replicates for paired tests; empty without oracles.</param>
internal sealed record PolicyScore(
    string Policy, int Seats, double Expected, double Realised, double? ShareOfOracle, double CpaValidity, double SpentShare, IReadOnlyList<double> ShareByPeriod);
