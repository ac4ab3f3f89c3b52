using System.Security.Cryptography;
using System.Text;
using AutoBid.Core.Features;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Threads;

namespace AutoBid.Simulator.Export;

/// <summary>
/// Plays periods and writes them as training data: <c>plan.json</c> first, shards <c>shard-0000.npz</c> ..., and <c>manifest.json</c> last, so that a
/// folder without a manifest is an export that did not finish. Killed at any moment, the same call goes on where it stopped: finished shards stay, and
/// the files end up byte for byte as an uninterrupted call writes them, on any number of threads. README.md describes the layout.
/// </summary>
/// <param name="builder">Writes feature rows; used by all threads at once.</param>
public sealed class TrajectoryExport(IFeatureBuilder builder)
{
    /// <summary>Periods per shard, about 1 MB each in memory: what an interruption costs at most.</summary>
    public int PeriodsPerShard { get; init; } = 16;

    /// <summary>Threads, each with a period of its own; where a line-up has a policy that is not thread-safe, they play one period together.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How the line-ups were drawn, for the manifest.</summary>
    public TrainingMix? Mix { get; init; }

    /// <summary>Whether an export was begun in the folder.</summary>
    /// <exception cref="ExportException">It holds exported data without the plan that they were made from.</exception>
    public static bool IsBegun(string folder) => ExportFolder.HasPlan(folder);

    /// <summary>Removes an export, finished or not, from a folder; other files stay.</summary>
    public static void Remove(string folder)
    {
        if (!Directory.Exists(folder)) return;
        using var files = new ExportFolder(folder);
        files.Clear();
    }

    /// <summary>Plays what the folder does not hold yet and completes it.</summary>
    /// <param name="priorSha256">Hash of the prior file behind features and base; empty: none.</param>
    /// <param name="progress">Periods done so far, those of an earlier run included.</param>
    /// <exception cref="ArgumentException">No period, or one (line-up, period) in two splits.</exception>
    /// <exception cref="ExportException">The folder holds an export of another plan, or another export is writing there.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public ExportResult Write(string folder, IReadOnlyList<PlannedPeriod> plan, string priorSha256 = "", IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(PeriodsPerShard, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        if (plan.Count == 0) throw new ArgumentException("An export needs at least one period.", nameof(plan));
        if (plan.Select(p => (p.Setup.LineUp.Id, p.Setup.Period)).Distinct().Count() != plan.Count)
            throw new ArgumentException("A period of a line-up can be planned only once.", nameof(plan));

        ExportPlan wanted = ExportPlan.Of(plan, builder, PeriodsPerShard, priorSha256, Mix);
        using var files = new ExportFolder(folder);
        files.Claim(wanted);
        ExportShard?[] shards = files.Finished((plan.Count + PeriodsPerShard - 1) / PeriodsPerShard);
        int[] missing = [.. Enumerable.Range(0, plan.Count).Where(i => shards[i / PeriodsPerShard] is null)];
        int kept = plan.Count - missing.Length;
        if (kept > 0) progress?.Report(kept);

        var batch = new TrajectoryBatch(builder.Columns.Count);
        bool independent = plan.All(p => p.Setup.LineUp.Agents.All(agent => agent.Policy.IsThreadSafe));
        OrderedWork<TrajectoryBatch>.Run(missing.Length, independent ? Threads : 1, () => Player(plan, missing, independent ? 1 : Threads), Take, cancel);

        ExportShard[] finished = [.. shards.Select(shard => shard!)];
        string sha = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join('\n', finished.Select(shard => shard.Sha256)))));
        files.WriteManifest(ExportManifest.Describe(plan, builder, Mix, wanted.Sha256, priorSha256, finished, sha));
        int keys = finished.Sum(shard => shard.Keys);
        double efficiency = finished.Sum(shard => shard.MeanEfficiency * shard.Keys) / keys;
        return new ExportResult(plan.Count, kept, keys, [.. finished.Select(shard => shard.File)], sha, efficiency);

        void Take(int done, TrajectoryBatch period)
        {
            batch.Append(period);
            progress?.Report(kept + done + 1);
            int index = missing[done];
            if ((index + 1) % PeriodsPerShard != 0 && index + 1 != plan.Count) return;
            shards[index / PeriodsPerShard] = Flush(files, index / PeriodsPerShard, batch, shards);
            batch.Clear();
        }
    }

    private Func<int, TrajectoryBatch> Player(IReadOnlyList<PlannedPeriod> plan, int[] missing, int threads)
    {
        var player = new AuctionNetPeriod(Math.Min(threads, Crew.MostThreads));
        var record = new PeriodRecord(builder);
        var frozen = new FrozenRivals();
        return i =>
        {
            PlannedPeriod planned = plan[missing[i]];
            var batch = new TrajectoryBatch(builder.Columns.Count);
            batch.Add(player.Play(planned.Setup, record, frozen), record, frozen, planned.Split);
            return batch;
        };
    }

    private static ExportShard Flush(ExportFolder files, int index, TrajectoryBatch batch, ExportShard?[] shards)
    {
        using var memory = new MemoryStream();
        batch.Write(memory);
        ReadOnlySpan<byte> bytes = memory.GetBuffer().AsSpan(0, (int)memory.Length);
        var shard = new ExportShard(ExportShard.NameOf(index), batch.Keys, Convert.ToHexStringLower(SHA256.HashData(bytes)), batch.MeanEfficiency);
        files.WriteShard(shard, bytes, [.. shards.OfType<ExportShard>(), shard]);
        return shard;
    }
}
