namespace AutoBid.Cli.Simulation;

/// <summary>Scores of played periods by policy.</summary>
internal sealed record SimulationReport(
    ulong Seed, string Preset, string LineUp, string Mode, int Periods, int OpportunitiesPerPeriod, double BudgetFactor, bool Prior, double SecondsPerPeriod, IReadOnlyList<PolicyScore> Policies);
