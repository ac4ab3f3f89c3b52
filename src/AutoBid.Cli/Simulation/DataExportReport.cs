namespace AutoBid.Cli.Simulation;

/// <summary>What an export wrote.</summary>
/// <param name="Sha256">Identifies the data in a model's card.</param>
/// <param name="MeanEfficiency">Mean of score / S* over the trajectories.</param>
internal sealed record DataExportReport(string Folder, int Periods, int Keys, int Shards, string Sha256, string PriorSha256, double MeanEfficiency);
