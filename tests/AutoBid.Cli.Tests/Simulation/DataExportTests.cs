using System.Text.Json;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Simulation;
using AutoBid.Cli.Tests.Commands;

namespace AutoBid.Cli.Tests.Simulation;

public sealed class DataExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-export-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private DataExportOptions Options(string name) => new() { Folder = Path.Combine(_folder, name), Periods = 2, LineUps = 2, PriorPeriods = 1, Opportunities = 2_000, Threads = 2 };

    private static SortedDictionary<string, string> Files(string folder)
        => new(Directory.GetFiles(folder).ToDictionary(file => Path.GetFileName(file), file => Convert.ToHexString(File.ReadAllBytes(file))), StringComparer.Ordinal);

    [Fact]
    public void ExportsATrainingSetWithItsPriorAndCsv()
    {
        string csv = Path.Combine(_folder, "made", "rows.csv.gz");
        var export = new DataExport(Options("a") with { Csv = csv });
        var played = new List<int>();
        DataExportReport report = export.Run(played.Add, CancellationToken.None);
        Assert.Equal(5, export.TotalPeriods);
        Assert.Equal([1, 2, 3, 4, 5], played);
        Assert.Equal((4, 0, 4 * 48), (report.Periods, report.Kept, report.Keys));
        Assert.Equal(["manifest.json", "plan.json", "prior.json", "shard-0000.npz"], Files(report.Folder).Keys);
        Assert.Equal(64, report.PriorSha256.Length);
        Assert.Equal(2 * 48 * 48, report.CsvRows);
        Assert.True(File.Exists(csv));
    }

    [Fact]
    public void FieldAndFeaturesAreThoseAskedFor()
    {
        new DataExport(Options("a") with { Perturbed = 0, Features = 2 }).Run(_ => { }, CancellationToken.None);
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "a", "manifest.json")));
        Assert.Equal(2, manifest.RootElement.GetProperty("features").GetProperty("version").GetInt32());
        Assert.All(manifest.RootElement.GetProperty("behaviours").EnumerateArray(), behaviour => Assert.Equal(0, behaviour.GetProperty("perturbed").GetInt32()));
    }

    [Fact]
    public void GoesOnWhereItWasInterrupted()
    {
        DataExportReport whole = new DataExport(Options("whole") with { Threads = 1 }).Run(_ => { }, CancellationToken.None);
        foreach (int at in (int[])[1, 3])
        {
            using var cancel = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => new DataExport(Options("cut")).Run(done => { if (done == at) cancel.Cancel(); }, cancel.Token));
        }

        DataExportReport resumed = new DataExport(Options("cut")).Run(_ => { }, CancellationToken.None);
        Assert.Equal(whole.Sha256, resumed.Sha256);
        Assert.Equal(Files(whole.Folder), Files(resumed.Folder));
        var played = new List<int>();
        Assert.Equal(4, new DataExport(Options("cut")).Run(played.Add, CancellationToken.None).Kept);
        Assert.Equal([1, 5], played);
    }

    [Fact]
    public async Task AnotherExportIsRefusedInOneLineUntilFresh()
    {
        string folder = Path.Combine(_folder, "a");
        string[] line = ["export-data", "--out", folder, "--periods", "1", "--prior-periods", "1", "--opportunities", "2000", "--threads", "1"];
        Assert.Equal((0, ""), await RunAsync(line));
        SortedDictionary<string, string> before = Files(folder);
        (int code, string error) = await RunAsync([.. line, "--seed", "2"]);
        Assert.Equal((1, $"autobid: {folder} holds an export of another plan: seeds, setupsSha256 differ; name another folder, or replace it with --fresh\n"), (code, error));
        Assert.Equal(before, Files(folder));
        Assert.Equal((0, ""), await RunAsync(line));
        Assert.Equal(before, Files(folder));
        Assert.Equal((0, ""), await RunAsync([.. line, "--seed", "2", "--fresh"]));
        Assert.NotEqual(before["shard-0000.npz"], Files(folder)["shard-0000.npz"]);

        File.Delete(Path.Combine(folder, "prior.json"));
        (code, error) = await RunAsync([.. line, "--seed", "2"]);
        Assert.Equal(1, code);
        Assert.Contains("prior.json is missing", error, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "prior.json"), "{");
        (code, error) = await RunAsync([.. line, "--seed", "2"]);
        Assert.Equal(2, code);
        Assert.StartsWith($"autobid: {Path.Combine(folder, "prior.json")}: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--csv-split", "some")]
    [InlineData("--threads", "0")]
    [InlineData("--perturbed", "1.5")]
    [InlineData("--features", "3")]
    public async Task BadOptionsAreUsageErrors(string option, string value)
        => Assert.Equal(2, (await RunAsync(["export-data", "--out", Path.Combine(_folder, "a"), option, value])).Code);

    private static async Task<(int Code, string Error)> RunAsync(string[] line)
    {
        using TestHost host = new();
        int code = await AutoBidCommand.RunAsync(line, host.Host);
        return (code, host.Error);
    }
}
