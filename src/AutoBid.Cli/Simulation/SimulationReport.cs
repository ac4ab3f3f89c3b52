using AutoBid.Simulator.Oracles;

namespace AutoBid.Cli.Simulation;

/// <summary>Scores of played periods by policy.</summary>
/// <param name="Oracles">Sums over all seats of the three oracles; null where the bounds were not asked for.</param>
internal sealed record SimulationReport(
    ulong Seed, string Preset, string LineUp, string Mode, int Periods, int OpportunitiesPerPeriod, double BudgetFactor, bool Prior, double SecondsPerPeriod, IReadOnlyList<PolicyScore> Policies,
    OracleSums? Oracles);
