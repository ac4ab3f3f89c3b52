namespace AutoBid.Simulator.Export;

/// <summary>A finished shard, as manifest and progress file list it.</summary>
/// <param name="File">Name inside the folder.</param>
/// <param name="Sha256">Of the file.</param>
/// <param name="MeanEfficiency">Mean over its keys of score / S*.</param>
internal sealed record ExportShard(string File, int Keys, string Sha256, double MeanEfficiency)
{
    public static string NameOf(int index) => $"shard-{index:D4}.npz";
}
