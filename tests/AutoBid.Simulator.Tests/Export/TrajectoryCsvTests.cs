using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using AutoBid.Core.Features;
using AutoBid.Policies.Models;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Export;

public sealed partial class TrajectoryCsvTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-csv").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static TrainingPlan Plan() => TrajectoryExportTests.Plan() with { Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 2_500 } };

    private string CsvFile => Path.Combine(_folder, "rows.csv");

    [Fact]
    public void Rows_are_the_benchmarks_training_data()
    {
        IReadOnlyList<PlannedPeriod> plan = Plan().Periods(new LineUpFactory(1, null), firstPeriod: 3);
        new TrajectoryExport(new ScaleFreeFeatures()) { PeriodsPerShard = 1 }.Write(_folder, plan);
        Assert.Equal(4 * 48 * 48, TrajectoryCsv.Write(_folder, CsvFile, split: null));
        string[] lines = File.ReadAllLines(CsvFile);
        Assert.Equal(
            "deliveryPeriodIndex,advertiserNumber,advertiserCategoryIndex,budget,CPAConstraint,realAllCost,realAllConversion,timeStepIndex,state,action,reward,reward_continuous,done,next_state",
            lines[0]);
        Assert.Equal(1 + 4 * 48 * 48, lines.Length);

        // The second period, against what was planned and the arrays of its shard.
        using FileStream shard = File.OpenRead(Path.Combine(_folder, "shard-0001.npz"));
        Dictionary<string, NpyArray> arrays = NpzReader.Read(shard);
        float[] cost = arrays["cost"].ToFloats(), value = arrays["value"].ToFloats(), state = arrays["state"].ToFloats(), action = arrays["bidPerValue"].ToFloats();
        long[] reward = arrays["reward"].ToLongs();
        for (int seat = 0; seat < 48; seat++)
        {
            var money = plan[1].Setup.LineUp.Agents[seat].Seat;
            double spent = Enumerable.Range(0, 48).Sum(t => (double)cost[seat * 48 + t]) * money.Budget;
            long conversions = Enumerable.Range(0, 48).Sum(t => reward[seat * 48 + t]);
            for (int t = 0; t < 48; t++)
            {
                int at = seat * 48 + t;
                string[] fields = Fields(lines[1 + 48 * 48 + at]);
                Assert.Equal(14, fields.Length);
                Assert.Equal([4, seat, seat / 8], fields[..3].Select(Number));
                Assert.Equal(money.Budget, Number(fields[3]), 1e-3);
                Assert.Equal(money.TargetCpa, Number(fields[4]), 1e-3);
                Assert.Equal(spent, Number(fields[5]), 1e-3);
                Assert.Equal([conversions, t], fields[6..8].Select(Number));
                Assert.Equal(state.AsSpan(at * 16, 16).ToArray(), Tuple(fields[8]));
                Assert.Equal(action[at], (float)Number(fields[9]));
                Assert.Equal(reward[at], Number(fields[10]));
                Assert.Equal(value[at] * money.Budget / money.TargetCpa, Number(fields[11]), 1e-5);
                Assert.Equal(t == 47 ? 1 : 0, Number(fields[12]));
                if (t == 47) Assert.Equal("", fields[13]);
                else Assert.Equal(Fields(lines[2 + 48 * 48 + at])[8], fields[13]);
            }
        }
    }

    [Fact]
    public void One_split_and_a_compressed_file()
    {
        new TrajectoryExport(new ScaleFreeFeatures()).Write(_folder, Plan().Periods(new LineUpFactory(1, null)));
        string gz = CsvFile + ".gz";
        Assert.Equal(2 * 48 * 48, TrajectoryCsv.Write(_folder, CsvFile, DataSplit.Train));
        Assert.Equal(2 * 48 * 48, TrajectoryCsv.Write(_folder, gz, DataSplit.Train));
        using var text = new StreamReader(new GZipStream(File.OpenRead(gz), CompressionMode.Decompress));
        string unpacked = text.ReadToEnd();
        Assert.Equal(File.ReadAllText(CsvFile), unpacked);
        Assert.Equal(["0", "1"], unpacked.Split('\n')[1..^1].Select(line => line[..line.IndexOf(',')]).Distinct());
        Assert.Empty(Directory.GetFiles(_folder, "*.tmp"));
    }

    [Fact]
    public void What_cannot_become_rows_is_refused_and_leaves_no_file()
    {
        Assert.Contains("manifest.json", Assert.Throws<ExportException>(() => TrajectoryCsv.Write(_folder, CsvFile, null)).Message, StringComparison.Ordinal);
        var factory = new LineUpFactory(1, null);
        PlannedPeriod one = Plan().Periods(factory)[0];
        PlannedPeriod other = one with { Setup = one.Setup with { LineUp = factory.Training(5, 0, Plan().Mix) } };
        new TrajectoryExport(new ScaleFreeFeatures()).Write(_folder, [one, other]);
        Assert.Contains("line-ups 0 and 5", Assert.Throws<ExportException>(() => TrajectoryCsv.Write(_folder, CsvFile, null)).Message, StringComparison.Ordinal);

        using (FileStream shard = File.Create(Path.Combine(_folder, "shard-0000.npz")))
        using (var npz = new NpzWriter(shard)) npz.Write("state", [1f], 1);
        Assert.Contains("bidPerValue is missing", Assert.Throws<ExportException>(() => TrajectoryCsv.Write(_folder, CsvFile, null)).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_folder, "shard-0000.npz"), "no zip");
        Assert.Throws<ExportException>(() => TrajectoryCsv.Write(_folder, CsvFile, null));
        Assert.Empty(Directory.GetFiles(_folder, "rows*"));
    }

    private static string[] Fields(string line) => [.. FieldPattern().Matches(line).Select(match => match.Groups[1].Value)];

    private static double Number(string field) => double.Parse(field, CultureInfo.InvariantCulture);

    private static float[] Tuple(string field)
    {
        Assert.StartsWith("\"(", field, StringComparison.Ordinal);
        Assert.EndsWith(")\"", field, StringComparison.Ordinal);
        return [.. field[2..^2].Split(", ").Select(number => float.Parse(number, CultureInfo.InvariantCulture))];
    }

    [GeneratedRegex("(?:^|,)(\"[^\"]*\"|[^,]*)")]
    private static partial Regex FieldPattern();
}
