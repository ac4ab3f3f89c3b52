using System.Runtime.InteropServices;
using System.Text.Json;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Tests.Periods;

namespace AutoBid.Simulator.Tests.Export;

public sealed class TrajectoryExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-export").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    internal static PriorFile Prior()
    {
        var builder = new PriorBuilder();
        new AuctionNetPeriod().Play(SmallMarket.Setup(new LineUpFactory(1, null).Opponents(0, SmallMarket.Seats()), 900), builder);
        return builder.Build("small", 1);
    }

    internal static TrainingPlan Plan(int train = 2) => new()
    {
        Seed = 1,
        TrainPeriods = train,
        ValidationPeriods = 1,
        TestPeriods = 1,
        Traffic = SmallMarket.Traffic,
        Mix = new TrainingMix { Seats = SmallMarket.Seats() },
    };

    [Fact]
    public void The_folder_keeps_the_contract()
    {
        PriorFile prior = Prior();
        var builder = new ScaleFreeFeatures();
        IReadOnlyList<PlannedPeriod> plan = Plan().Periods(new LineUpFactory(1, prior.ToPrior()));
        ExportResult result = new TrajectoryExport(builder) { PeriodsPerShard = 3, Mix = Plan().Mix }.Write(_folder, plan, "abc");
        Assert.Equal(4 * 48, result.Keys);
        Assert.Equal(["shard-0000.npz", "shard-0001.npz"], result.Shards);

        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "manifest.json")));
        JsonElement root = manifest.RootElement;
        Assert.Equal(builder.Columns, root.GetProperty("features").GetProperty("names").EnumerateArray().Select(n => n.GetString()));
        Assert.Equal([18, 19], root.GetProperty("features").GetProperty("masks").GetProperty("regime").EnumerateArray().Select(n => n.GetInt32()));
        Assert.Equal(24, root.GetProperty("grid").GetArrayLength());
        Assert.Equal(1UL, root.GetProperty("seeds")[0].GetUInt64());
        Assert.Equal("abc", root.GetProperty("priorSha256").GetString());
        Assert.Equal(result.Sha256, root.GetProperty("sha256").GetString());
        Assert.Equal(2, root.GetProperty("format").GetInt32());
        Assert.Equal(16, root.GetProperty("state").GetProperty("names").GetArrayLength());
        Assert.Equal(0.7, root.GetProperty("mix").GetProperty("perturbedShare").GetDouble());
        JsonElement lineUps = root.GetProperty("lineup");
        Assert.Equal(plan.Select(p => p.Setup.LineUp.Id).Distinct().Order(), lineUps.EnumerateArray().Select(l => l.GetProperty("id").GetInt32()));
        Assert.Equal(
            plan[0].Setup.LineUp.Agents.Select(agent => agent.Policy.Name),
            lineUps[0].GetProperty("policies").EnumerateArray().Select(name => name.GetString()));
        JsonElement[] behaviours = [.. root.GetProperty("behaviours").EnumerateArray()];
        Assert.Contains("mpc", behaviours.Select(b => b.GetProperty("policy").GetString()));
        Assert.Equal(result.Keys, behaviours.Sum(b => b.GetProperty("keys").GetInt32()));
        Assert.InRange(behaviours.Sum(b => b.GetProperty("perturbed").GetInt32()) / (double)result.Keys, 0.6, 0.8);

        using FileStream shard = File.OpenRead(Path.Combine(_folder, "shard-0000.npz"));
        const int N = 3 * 48;
        float[] features = Floats(shard, "features", $"({N}, 48, {builder.Columns.Count},)");
        float[] action = Floats(shard, "action", $"({N}, 48,)");
        float[] cost = Floats(shard, "cost", $"({N}, 48,)");
        float[] value = Floats(shard, "value", $"({N}, 48,)");
        float[] mpc = Floats(shard, "base", $"({N}, 48,)");
        float[] efficiency = Floats(shard, "efficiency", $"({N},)");
        float[] oracle = Floats(shard, "sStar", $"({N},)");
        Half[] curveCost = Halves(shard, "curveCost", $"({N}, 48, 24,)");
        Half[] curveValue = Halves(shard, "curveValue", $"({N}, 48, 24,)");
        Half[] responseCost = Halves(shard, "responseCost", $"({N}, 48, 24,)");
        Floats(shard, "forecastCost", $"({N}, 48, 3,)");
        float[] state = Floats(shard, "state", $"({N}, 48, 16,)");
        float[] bidPerValue = Floats(shard, "bidPerValue", $"({N}, 48,)");
        float[] target = Floats(shard, "target", $"({N},)");
        float[] impressions = Floats(shard, "impressions", $"({N}, 48,)");
        Assert.Contains($"'<i2', 'fortran_order': False, 'shape': ({N}, 48,)", NpzWriterTests.Read(shard, "reward.npy", out byte[] rewards), StringComparison.Ordinal);
        short[] reward = MemoryMarshal.Cast<byte, short>(rewards).ToArray();
        NpzWriterTests.Read(shard, "category.npy", out byte[] category);
        Assert.Equal(Enumerable.Range(0, N).Select(key => (byte)(key % 48 / 8)), category);
        Assert.InRange(reward.Sum(r => r), 20, 5000);
        Assert.All(reward, r => Assert.InRange(r, (short)0, (short)100));
        NpzWriterTests.Read(shard, "split.npy", out byte[] split);
        Assert.Equal([.. Enumerable.Repeat((byte)0, 96), .. Enumerable.Repeat((byte)1, 48)], split);

        Assert.All(features, x => Assert.True(float.IsFinite(x)));
        Assert.All(mpc, x => Assert.InRange(x, Math.Log(0.05) - 1e-6, Math.Log(4) + 1e-6));
        int width = builder.Columns.Count;
        for (int key = 0; key < N; key++)
        {
            double spent = 0, gained = 0;
            for (int t = 0; t < 48; t++)
            {
                int row = key * 48 + t;
                Assert.Equal(1 - spent, features[row * width + 1], 1e-3);
                if (t > 0) Assert.Equal(action[row - 1], features[row * width + 8], 1e-3);
                Assert.InRange(action[row], Math.Log(0.05) - 1e-6, Math.Log(4) + 1e-6);
                Assert.Equal((48 - t) / 48f, state[row * 16]);
                Assert.Equal(Math.Max(1 - spent, 0), state[row * 16 + 1], 1e-3);
                Assert.Equal(impressions[row], state[row * 16 + 13]);
                // Bids that were dropped, or not made for lack of money, lower the benchmark's action.
                double bidOn = Math.Exp(action[row]) * target[key];
                Assert.InRange(bidPerValue[row], 0, bidOn * (1 + 1e-5));
                if (spent < 0.5) Assert.Equal(bidOn, bidPerValue[row], 0.3 * bidOn);
                for (int k = 1; k < 24; k++)
                {
                    Assert.True(curveCost[row * 24 + k] >= curveCost[row * 24 + k - 1]);
                    Assert.True(curveValue[row * 24 + k] >= curveValue[row * 24 + k - 1]);
                    Assert.True(responseCost[row * 24 + k] >= responseCost[row * 24 + k - 1]);
                }

                spent += cost[row];
                gained += value[row];
            }

            Assert.InRange(spent, 0, 1 + 1e-5);
            double score = gained * Math.Min(1, Math.Pow(gained / Math.Max(spent, 1e-12), 2));
            Assert.Equal(score / oracle[key], efficiency[key], 1e-3);
        }

        Assert.InRange(efficiency.Average(), 0.2, 0.95);
    }

    [Fact]
    public void Bad_plans_are_refused()
    {
        var export = new TrajectoryExport(new ScaleFreeFeatures());
        Assert.Throws<ArgumentException>(() => export.Write(_folder, []));
        PlannedPeriod one = Plan().Periods(new LineUpFactory(1, null))[0];
        Assert.Throws<ArgumentException>(() => export.Write(_folder, [one, one with { Split = DataSplit.Test }]));
    }

    [Fact]
    public void Splits_share_neither_periods_nor_line_ups()
    {
        var plan = new TrainingPlan { Seed = 1 };
        var periods = plan.Periods(new LineUpFactory(1, null), firstPeriod: 5);
        Assert.Equal(plan.TrainPeriods + plan.ValidationPeriods + plan.TestPeriods, periods.Select(p => p.Setup.Period).Distinct().Count());
        Assert.Equal(5, periods[0].Setup.Period);
        var lineUps = periods.GroupBy(p => p.Split).ToDictionary(g => g.Key, g => g.Select(p => p.Setup.LineUp.Id).ToHashSet());
        Assert.Empty(lineUps[DataSplit.Train].Intersect(lineUps[DataSplit.Test]));
        Assert.Empty(lineUps[DataSplit.Train].Intersect(lineUps[DataSplit.Validation]));
        Assert.Empty(lineUps[DataSplit.Validation].Intersect(lineUps[DataSplit.Test]));
    }

    private static float[] Floats(Stream shard, string name, string shape)
    {
        Assert.Contains($"'shape': {shape}", NpzWriterTests.Read(shard, name + ".npy", out byte[] data), StringComparison.Ordinal);
        return MemoryMarshal.Cast<byte, float>(data).ToArray();
    }

    private static Half[] Halves(Stream shard, string name, string shape)
    {
        Assert.Contains($"'shape': {shape}", NpzWriterTests.Read(shard, name + ".npy", out byte[] data), StringComparison.Ordinal);
        return MemoryMarshal.Cast<byte, Half>(data).ToArray();
    }
}
