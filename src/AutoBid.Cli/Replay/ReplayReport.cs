using AutoBid.Simulator.Replay;

namespace AutoBid.Cli.Replay;

/// <summary>A replay's figures.</summary>
/// <param name="Bytes">Of the files as they lie on disk.</param>
/// <param name="Scores">One line per policy and budget factor.</param>
/// <param name="ByKey">Every key of every line.</param>
internal sealed record ReplayReport(
    IReadOnlyList<string> Files, string Mode, ulong Seed, bool Prior, long Rows, long Bytes, int Keys, double Seconds,
    IReadOnlyList<ReplaySummary> Scores, IReadOnlyList<ReplayScore> ByKey);
