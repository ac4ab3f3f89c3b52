using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Export;

/// <summary>
/// Plays periods and writes them as training data: shards <c>shard-0000.npz</c> ... and <c>manifest.json</c>, last, so that a folder without a manifest
/// is an export that did not finish. README.md describes the layout.
/// </summary>
public sealed class TrajectoryExport(IFeatureBuilder builder)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    /// <summary>Periods per shard: about 40 MB in memory.</summary>
    public int PeriodsPerShard { get; init; } = 40;

    /// <summary>Plays the periods in order and writes the folder. Old shards in it are removed first.</summary>
    /// <param name="priorSha256">Hash of the prior file behind features and base; empty: none.</param>
    /// <param name="progress">Periods done so far.</param>
    /// <exception cref="ArgumentException">No period, or one (line-up, period) in two splits.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public ExportResult Write(string folder, IReadOnlyList<PlannedPeriod> plan, string priorSha256 = "", IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PeriodsPerShard, 1);
        if (plan.Count == 0) throw new ArgumentException("An export needs at least one period.", nameof(plan));
        if (plan.Select(p => (p.Setup.LineUp.Id, p.Setup.Period)).Distinct().Count() != plan.Count)
            throw new ArgumentException("A period of a line-up can be planned only once.", nameof(plan));
        Directory.CreateDirectory(folder);
        string manifest = Path.Combine(folder, "manifest.json");
        File.Delete(manifest);
        foreach (string old in Directory.EnumerateFiles(folder, "shard-*.npz")) File.Delete(old);

        var player = new AuctionNetPeriod();
        var record = new PeriodRecord(builder);
        var frozen = new FrozenRivals();
        var batch = new TrajectoryBatch(builder.Columns.Count);
        var table = new ScoreTable();
        var shards = new List<Shard>();
        for (int i = 0; i < plan.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            PeriodResult result = player.Play(plan[i].Setup, record, frozen);
            batch.Add(result, record, frozen, plan[i].Split);
            table.Add(result, frozen);
            progress?.Report(i + 1);
            if ((i + 1) % PeriodsPerShard == 0 || i + 1 == plan.Count) shards.Add(Flush(folder, shards.Count, batch));
        }

        string sha = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', shards.Select(shard => shard.Sha256)))));
        File.WriteAllBytes(manifest, JsonSerializer.SerializeToUtf8Bytes(Describe(plan, shards, sha, priorSha256), Json));
        double efficiency = table.Keys.Average(key => key.Oracle > 0 ? key.Expected / key.Oracle : 0);
        return new ExportResult(plan.Count, table.Keys.Count, [.. shards.Select(shard => shard.File)], sha, efficiency);
    }

    private object Describe(IReadOnlyList<PlannedPeriod> plan, List<Shard> shards, string sha, string priorSha256) => new
    {
        Features = new { builder.Name, builder.Version, Names = builder.Columns, Masks = builder.Groups },
        Grid = ResponseGrid.Multipliers,
        Probes = ScaleFreeFeatures.Probes,
        Seeds = plan.Select(p => p.Setup.Seed).Distinct().ToArray(),
        Lineup = plan.Select(p => p.Setup.LineUp).DistinctBy(lineUp => lineUp.Id).OrderBy(lineUp => lineUp.Id)
            .Select(lineUp => new { lineUp.Id, lineUp.Name }).ToArray(),
        Splits = plan.GroupBy(p => p.Split).OrderBy(group => group.Key)
            .ToDictionary(group => group.Key.ToString().ToLowerInvariant(), group => group.Count()),
        Traffic = plan[0].Setup.Traffic,
        PriorSha256 = priorSha256,
        Shards = shards,
        Sha256 = sha,
    };

    private static Shard Flush(string folder, int index, TrajectoryBatch batch)
    {
        string name = $"shard-{index:D4}.npz";
        using var memory = new MemoryStream();
        batch.Write(memory);
        int keys = batch.Keys;
        batch.Clear();
        ReadOnlySpan<byte> bytes = memory.GetBuffer().AsSpan(0, (int)memory.Length);
        using FileStream file = File.Create(Path.Combine(folder, name));
        file.Write(bytes);
        return new Shard(name, keys, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private sealed record Shard(string File, int Keys, string Sha256);
}
