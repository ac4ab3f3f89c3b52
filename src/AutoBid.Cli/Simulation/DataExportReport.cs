namespace AutoBid.Cli.Simulation;

/// <summary>What an export wrote.</summary>
/// <param name="Kept">Days that an earlier run had finished.</param>
/// <param name="Sha256">Identifies the data in a model's card.</param>
/// <param name="MeanEfficiency">Mean of score / S* over the trajectories.</param>
/// <param name="CsvRows">0 without a CSV.</param>
internal sealed record DataExportReport(
    string Folder, int Periods, int Kept, int Keys, int Shards, string Sha256, string PriorSha256, double MeanEfficiency, long CsvRows);
