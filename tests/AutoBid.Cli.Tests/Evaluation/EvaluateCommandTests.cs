using System.Text.Json;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Output;
using AutoBid.Cli.Tests.Commands;

namespace AutoBid.Cli.Tests.Evaluation;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-evaluate-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task EvaluatesAndGoesOn()
    {
        using TestHost host = new();
        string json = Path.Combine(_folder, "figures.json");
        string[] line = [.. Line("--policy constant pid --periods 2 --budget 1 --mode SpendFirst --path both --seats-together 48"), "--json", json];
        Assert.Equal(0, await AutoBidCommand.RunAsync(line, host.Host));
        Assert.Empty(host.Error);
        Assert.Contains("SpendFirst, rivals react", host.Out, StringComparison.Ordinal);
        Assert.Contains("baseline", host.Out, StringComparison.Ordinal);
        Assert.Contains("evaluation 100 %", host.Out, StringComparison.Ordinal);
        string[] files = ["evaluation.json", "plan.json", "report.html", "table.md", "periods/1000-frozen.json", "periods/1000-full.json", "periods/1001-frozen.json", "periods/1001-full.json"];
        Assert.All(files, file => Assert.True(File.Exists(Path.Combine(_folder, "out", file)), file));
        using JsonDocument figures = JsonDocument.Parse(File.ReadAllBytes(json));
        Assert.Equal(2, figures.RootElement.GetProperty("groups").GetArrayLength());

        byte[] page = File.ReadAllBytes(Path.Combine(_folder, "out", "report.html"));
        using TestHost again = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(line, again.Host));
        Assert.Contains("holds 4 of 4 results", again.Out, StringComparison.Ordinal);
        Assert.Contains("0 results played", again.Out, StringComparison.Ordinal);
        Assert.Equal(page, File.ReadAllBytes(Path.Combine(_folder, "out", "report.html")));

        using TestHost other = new();
        Assert.Equal(2, await AutoBidCommand.RunAsync(Line("--policy constant --periods 2 --budget 1 --mode SpendFirst"), other.Host));
        Assert.Contains("holds another evaluation (policies constant pid, not constant)", Assert.Single(Lines(other.Error)), StringComparison.Ordinal);
        Assert.Contains("--fresh", other.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ShiftsAreComparedWithTheCleanRunAndMoreOfThemGoOn()
    {
        const string Common = "--policy pid constant --periods 2 --budget 1 --mode SpendFirst --prior none day-before ";
        using TestHost host = new();
        string json = Path.Combine(_folder, "figures.json");
        Assert.Equal(0, await AutoBidCommand.RunAsync([.. Line(Common + "--shift regime-4 richer-rivals"), "--json", json], host.Host));
        Assert.Empty(host.Error);
        Assert.Contains("Loss:", host.Out, StringComparison.Ordinal);
        foreach (string shift in (string[])["clean", "regime-4", "richer-rivals"])
            foreach (string prior in (string[])["none", "day-before"])
                Assert.True(File.Exists(Path.Combine(_folder, "out", $"{shift}.{prior}.all-known", "report.html")), shift);
        string[] rows = [.. File.ReadLines(Path.Combine(_folder, "out", "shifts.md")).Where(line => line.StartsWith("| 100 %", StringComparison.Ordinal))];
        Assert.Equal(6, rows.Length);
        Assert.All(rows, row => Assert.Contains(row.Contains("| none | none", StringComparison.Ordinal) || row.Contains("| none | day-before", StringComparison.Ordinal) ? "| – |" : "[", row, StringComparison.Ordinal));
        using (JsonDocument figures = JsonDocument.Parse(File.ReadAllBytes(json))) Assert.Equal(6, figures.RootElement.GetProperty("rows").GetArrayLength());

        using TestHost more = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(Line(Common + "--shift regime-4 richer-rivals price-shocks"), more.Host));
        Assert.Contains("holds 12 of 16 results", more.Out, StringComparison.Ordinal);
        Assert.Contains("4 results played", more.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EachUnknownIsOneTable()
    {
        using TestHost host = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(Line("--policy pid --periods 1 --budget 1 --mode TargetFirst --unknown each"), host.Host));
        Assert.Empty(host.Error);
        string[] known = [.. File.ReadLines(Path.Combine(_folder, "out", "knowledge.md")).Where(line => line.StartsWith("| 100 %", StringComparison.Ordinal)).Select(line => line.Split('|')[2].Trim())];
        Assert.Equal(["all known", "step unknown", "regime unknown", "curves unknown", "all unknown"], known);
    }

    [Fact]
    public async Task AllShiftsAreEveryPreset()
    {
        using TestHost host = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(Line("--policy constant --periods 1 --budget 1 --mode SpendFirst --shift all"), host.Host));
        Assert.Equal(Simulator.Shifts.Shift.Names, File.ReadLines(Path.Combine(_folder, "out", "shifts.md"))
            .Where(line => line.StartsWith("| 100 %", StringComparison.Ordinal)).Select(line => line.Split('|')[2].Trim()));
    }

    [Theory]
    [InlineData("", "--policy")]
    [InlineData("--policy nobody", "'nobody'")]
    [InlineData("--policy mpc mpc", "--policy: mpc is given twice")]
    [InlineData("--policy mpc --budget 0", "--budget: 0.01 to 100")]
    [InlineData("--policy mpc --budget 1 --budget 1", "--budget: 1 is given twice")]
    [InlineData("--policy mpc --periods 0", "--periods: 0")]
    [InlineData("--policy mpc --mode Both", "Both")]
    [InlineData("--policy mpc --path both --seats-together 7", "7 does not divide 48")]
    [InlineData("--policy mpc --path sideways", "sideways")]
    [InlineData("--policy mpc --unknown step,weather", "'weather' is none of step, regime, curves")]
    [InlineData("--policy mpc --lineup nowhere", "--lineup: 'nowhere'")]
    [InlineData("--policy mpc --shift nowhere", "nowhere")]
    [InlineData("--policy mpc --shift all regime-4", "--shift: regime-4 is given twice")]
    [InlineData("--policy mpc --unknown each step", "--unknown: step is given twice")]
    [InlineData("--policy mpc --unknown none,step", "'none' is none of step, regime, curves")]
    [InlineData("--policy mpc --prior none none", "--prior: none is given twice")]
    [InlineData("--policy mpc --prior day-before --first-period 0", "a prior of the day before needs a day before the first")]
    [InlineData("--policy mpc --models /nowhere", "--models: there is no folder '/nowhere'")]
    [InlineData("--policy gave@/nowhere", "there is no folder '/nowhere'")]
    [InlineData("--policy gave/77", "there is no model gave/77")]
    [InlineData("--policy mpc --baseline pid", "--baseline: 'pid' is none of the policies mpc")]
    [InlineData("--policy mpc --prior /nowhere/prior.json", "/nowhere/prior.json")]
    public async Task AWrongCommandLineIsOneLine(string options, string expected)
    {
        using TestHost host = new();
        Assert.Equal(2, await AutoBidCommand.RunAsync(Line(options), host.Host));
        Assert.Contains(expected, Assert.Single(Lines(host.Error)), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "out", "periods")));
    }

    [Fact]
    public async Task HelpNamesWhatItDoes()
    {
        using TestHost host = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(["evaluate", "--help"], host.Host));
        Assert.Contains("--seats-together", host.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.2, "")]
    [InlineData(12.2, "13 s left")]
    [InlineData(200, "4 min left")]
    [InlineData(3 * 3600, "3.0 h left")]
    public void TimeLeftIsInWords(double seconds, string text) => Assert.Equal(text, ProgressView.Text(TimeSpan.FromSeconds(seconds)));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string[] Line(string options)
        => ["evaluate", "--opportunities", "2000", .. options.Contains("--prior", StringComparison.Ordinal) ? (string[])[] : ["--prior", "none"], .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--threads", "1", "--out", Path.Combine(_folder, "out")];
}
