namespace AutoBid.Simulator.Export;

/// <summary>What an export wrote.</summary>
/// <param name="Periods">All periods of the plan.</param>
/// <param name="Kept">Periods that an earlier run had finished.</param>
/// <param name="Sha256">Hash over the shards' hashes in order: identifies the data set in a model's card.</param>
/// <param name="MeanEfficiency">Mean over keys of score / S*: how good the logged behaviour is.</param>
public sealed record ExportResult(int Periods, int Kept, int Keys, IReadOnlyList<string> Shards, string Sha256, double MeanEfficiency);
