using System.IO.Compression;
using System.Text;
using AutoBid.Core.Time;
using AutoBid.Policies.Models;

namespace AutoBid.Simulator.Export;

/// <summary>
/// The trajectories of a finished export as rows of the benchmark's own training data (auction.md, Trajectory row), so that public baselines can be
/// trained from them. A row per key and step, ordered by key; states are Python tuples in quotes; the last step of a key has no next_state.
/// </summary>
public static class TrajectoryCsv
{
    private const int Steps = StepClock.StepsPerDay;

    private static readonly string[] Columns =
    [
        "deliveryPeriodIndex", "advertiserNumber", "advertiserCategoryIndex", "budget", "CPAConstraint", "realAllCost", "realAllConversion",
        "timeStepIndex", "state", "action", "reward", "reward_continuous", "done", "next_state",
    ];

    private static readonly string[] Arrays =
        ["state", "bidPerValue", "cost", "value", "reward", "budget", "target", "split", "period", "lineup", "seat", "category"];

    /// <summary>Writes the file whole or not at all; a name that ends in .gz is compressed.</summary>
    /// <param name="folder">A finished export.</param>
    /// <param name="split">Null: all of them. The rows do not say which split they are of.</param>
    /// <returns>Rows written, the header not counted.</returns>
    /// <exception cref="ExportException">The export is not finished, a shard cannot be read, or two line-ups share a period: the rows could not tell them apart.</exception>
    public static long Write(string folder, string file, DataSplit? split, CancellationToken cancel = default)
    {
        IReadOnlyList<ExportShard> shards = ExportFolder.ShardsOf(folder);
        string beside = file + ".tmp";
        long rows = 0;
        var lineUps = new Dictionary<long, long>();
        try
        {
            using (FileStream stream = File.Create(beside))
            using (Stream body = file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionLevel.Fastest) : new BufferedStream(stream, 1 << 16))
            {
                body.Write(Encoding.ASCII.GetBytes(string.Join(',', Columns) + "\n"));
                foreach (ExportShard shard in shards) rows += Append(Path.Combine(folder, shard.File), split, lineUps, body, cancel);
            }

            File.Move(beside, file, overwrite: true);
        }
        finally
        {
            File.Delete(beside);
        }

        return rows;
    }

    private static long Append(string shard, DataSplit? split, Dictionary<long, long> lineUps, Stream body, CancellationToken cancel)
    {
        Dictionary<string, NpyArray> arrays = Read(shard);
        float[] states = arrays["state"].ToFloats(), actions = arrays["bidPerValue"].ToFloats(), costs = arrays["cost"].ToFloats(), values = arrays["value"].ToFloats();
        float[] budgets = arrays["budget"].ToFloats(), targets = arrays["target"].ToFloats();
        long[] rewards = arrays["reward"].ToLongs(), splits = arrays["split"].ToLongs(), periods = arrays["period"].ToLongs(), lineUpOf = arrays["lineup"].ToLongs();
        long[] seats = arrays["seat"].ToLongs(), categories = arrays["category"].ToLongs();
        var row = new CsvRow();
        var texts = new byte[Steps][];
        long rows = 0;
        for (int key = 0; key < budgets.Length; key++)
        {
            if (split is { } wanted && splits[key] != (long)wanted) continue;
            cancel.ThrowIfCancellationRequested();
            if (!lineUps.TryAdd(periods[key], lineUpOf[key]) && lineUps[periods[key]] != lineUpOf[key])
                throw new ExportException($"{shard}: period {periods[key]} was played by line-ups {lineUps[periods[key]]} and {lineUpOf[key]}; CSV rows cannot tell them apart");
            double budget = budgets[key], target = targets[key], cost = 0;
            long conversions = 0;
            for (int step = 0; step < Steps; step++)
            {
                int at = key * Steps + step;
                cost += costs[at] * budget;
                conversions += rewards[at];
                texts[step] = row.Tuple(states.AsSpan(at * PeriodRecord.StateWidth, PeriodRecord.StateWidth));
            }

            for (int step = 0; step < Steps; step++)
            {
                int at = key * Steps + step;
                row.Field(periods[key]).Field(seats[key]).Field(categories[key]).Field(budgets[key]).Field(targets[key]).Field((float)cost).Field(conversions);
                row.Field(step).Field(texts[step]).Field(actions[at]).Field(rewards[at]).Field((float)(values[at] * budget / target));
                row.Field(step == Steps - 1 ? 1 : 0).Field(step == Steps - 1 ? [] : texts[step + 1]).End(body);
                rows++;
            }
        }

        return rows;
    }

    private static Dictionary<string, NpyArray> Read(string shard)
    {
        try
        {
            using FileStream file = File.OpenRead(shard);
            Dictionary<string, NpyArray> arrays = NpzReader.Read(file);
            foreach (string name in Arrays)
            {
                if (!arrays.ContainsKey(name)) throw new FormatException($"array {name} is missing");
            }

            return arrays;
        }
        catch (Exception e) when (e is FormatException or FileNotFoundException)
        {
            throw new ExportException($"{shard}: {e.Message}", e);
        }
    }
}
