using System.Text.Json;
using System.Text.Json.Nodes;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Evaluation;
using AutoBid.Cli.Tests.Commands;
using AutoBid.Server.Hosting;
using AutoBid.Simulator.Evaluation.Gate;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Tests.Evaluation;

public sealed class GateCommandTests : IDisposable
{
    private static readonly GateProtocol Small = new()
    {
        BudgetFactors = [1],
        FullBudgetFactors = [1],
        LineUps = 2,
        ValidationPeriods = 2,
        TestPeriods = 2,
        FullPeriods = 1,
        SeatsTogether = 48,
        Resamples = 200,
        Preset = AuctionPreset.AuctionNet with { Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 1_000 } },
        Seats = AuctionNetSeats.Scaled(0.002),
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-gate-").FullName;

    private string Models => Path.Combine(_folder, "models");

    private string Model => Path.Combine(Models, "tiny", "1");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AModelThatTheGateRefusesIsNotServed()
    {
        Install();
        using TestHost host = new();
        Assert.Equal(0, GateEvaluation.Run(host.Host, Options("tiny"), CancellationToken.None));
        Assert.Contains("gate of tiny/1: seed 20001", host.Out, StringComparison.Ordinal);
        Assert.Contains("TargetFirst min-pacing at 100 %", host.Out, StringComparison.Ordinal);
        Assert.Contains("tiny/1: refused", host.Out, StringComparison.Ordinal);
        Assert.StartsWith("# Gate of tiny/1: refused", File.ReadAllText(Path.Combine(_folder, "out", "gate.md")), StringComparison.Ordinal);
        byte[] verdict = File.ReadAllBytes(Path.Combine(Model, "verdict.json"));
        Assert.Equal(verdict, File.ReadAllBytes(Path.Combine(_folder, "out", "verdict.json")));
        using JsonDocument figures = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "figures.json")));
        Assert.Equal(20_001UL, figures.RootElement.GetProperty("gate").GetProperty("seed").GetUInt64());

        using TestHost list = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(["models", "list", "--models", Models, "--json", Path.Combine(_folder, "models.json")], list.Host));
        JsonNode listed = JsonNode.Parse(File.ReadAllBytes(Path.Combine(_folder, "models.json")))!["models"]![0]!;
        Assert.Equal(("Refused", "Gate", false), ((string)listed["verdict"]!, (string)listed["refusal"]!, (bool)listed["isLive"]!));
        using TestHost promote = new();
        Assert.Equal(1, await AutoBidCommand.RunAsync(["models", "promote", "tiny", "1", "--models", Models], promote.Host));
        Assert.Contains("the gate refused it: falls short of a default:", Assert.Single(Lines(promote.Error)), StringComparison.Ordinal);

        // The same again plays nothing and says the same; another folder is another attempt.
        using TestHost again = new();
        Assert.Equal(0, GateEvaluation.Run(again.Host, Options("tiny/1"), CancellationToken.None));
        Assert.Equal(verdict, File.ReadAllBytes(Path.Combine(Model, "verdict.json")));
        Assert.DoesNotContain("gate 100 %", again.Out, StringComparison.Ordinal);
        using TestHost other = new();
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        Assert.Throws<OperationCanceledException>(() => GateEvaluation.Run(other.Host, Options("tiny") with { Folder = Path.Combine(_folder, "other") }, stopped.Token));
        Assert.Contains("seed 20002", other.Out, StringComparison.Ordinal);
        Assert.Contains($"kept in {Path.Combine(_folder, "other")}", other.Out, StringComparison.Ordinal);
        IReadOnlyList<GateAttempt> attempts = new GateLedger(Path.Combine(Models, "gates.json")).Attempts;
        Assert.Equal([("tiny", "refused"), ("tiny", null)], attempts.Select(a => (a.Model, a.Verdict)));
        Assert.Equal(2, attempts[0].Results!.Count);
    }

    [Fact]
    public void AFileThatServesTwoProvidersIsJudgedOnce()
    {
        Install(card =>
        {
            JsonNode cuda = card["files"]![0]!.DeepClone();
            cuda["provider"] = "cuda";
            card["files"]!.AsArray().Add(cuda);
        });
        using TestHost host = new();
        Assert.Equal(0, GateEvaluation.Run(host.Host, Options("tiny"), CancellationToken.None));
        JsonNode verdict = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Model, "verdict.json")))!;
        Assert.Equal("model.onnx", Assert.Single(verdict["files"]!.AsObject()).Key);
    }

    [Fact]
    public void OnlyThePriorOfTheCardIsTaken()
    {
        Install(card => card["serving"]!["priorSha256"] = new string('a', 64));
        using TestHost host = new();
        CommandException error = Assert.Throws<CommandException>(() => GateEvaluation.Run(host.Host, Options("tiny"), CancellationToken.None));
        Assert.Contains(new string('a', 64), error.Message, StringComparison.Ordinal);
        Assert.StartsWith("--prior: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("a prior is needed", Fails(Options("tiny") with { Prior = "none" }), StringComparison.Ordinal);
        // Nothing was begun: no seed is burnt.
        Assert.False(File.Exists(Path.Combine(Models, "gates.json")));
    }

    [Fact]
    public void WhatCannotBeJudgedIsALineAndBurnsNoSeed()
    {
        Install();
        Assert.Contains("there is no model nobody", Fails(Options("nobody")), StringComparison.Ordinal);
        Assert.Contains("there is no model tiny/7", Fails(Options("tiny/7")), StringComparison.Ordinal);
        Assert.Contains("not name or name/version", Fails(Options("tiny/1/2")), StringComparison.Ordinal);
        File.Delete(Path.Combine(Model, "parity.npz"));
        Assert.Contains("parity.npz", Fails(Options("tiny")), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Models, "gates.json")));
        Assert.False(Directory.Exists(Path.Combine(_folder, "out")));
    }

    [Fact]
    public void AFolderOfAnotherModelIsRefused()
    {
        Install();
        using var stopped = new CancellationTokenSource();
        stopped.Cancel();
        using TestHost host = new();
        Assert.Throws<OperationCanceledException>(() => GateEvaluation.Run(host.Host, Options("tiny"), stopped.Token));
        Install(card => card["serving"]!["e"] = 0.9);
        Assert.Contains("another card of this model", Fails(Options("tiny")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--policy mpc", "--policy")]
    [InlineData("--budget 1", "--budget")]
    [InlineData("--periods 20", "--periods")]
    [InlineData("--first-period 1000", "--first-period")]
    [InlineData("--lineup mixed-100", "--lineup")]
    [InlineData("--mode SpendFirst", "--mode")]
    [InlineData("--path full", "--path")]
    [InlineData("--seats-together 8", "--seats-together")]
    [InlineData("--unknown step", "--unknown")]
    [InlineData("--seed 1", "--seed")]
    [InlineData("--preset auctionnet", "--preset")]
    [InlineData("--opportunities 500000", "--opportunities")]
    [InlineData("--no-guard", "--no-guard")]
    [InlineData("--shift none", "--shift")]
    [InlineData("--models elsewhere", "--models")]
    [InlineData("--baseline mpc", "--baseline")]
    [InlineData("--fresh", "--fresh")]
    public async Task WhatWouldChangeTheProtocolIsRefused(string option, string named)
    {
        using TestHost host = new();
        Assert.Equal(2, await AutoBidCommand.RunAsync(["evaluate", "--gate", "nobody", "--out", _folder, .. option.Split(' ')], host.Host));
        Assert.Contains($"--gate: {named} would change its protocol", Assert.Single(Lines(host.Error)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatIsHarmlessIsTaken()
    {
        using TestHost host = new();
        string[] line = ["evaluate", "--gate", "nobody", "--threads", "1", "--out", _folder, "--prior", "none", "--json", Path.Combine(_folder, "x.json")];
        Assert.Equal(2, await AutoBidCommand.RunAsync(line, host.Host));
        Assert.Contains("there is no model nobody", Assert.Single(Lines(host.Error)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("day-before")]
    [InlineData("shipped", "none")]
    public async Task TheGateTakesOnePriorThatExists(params string[] priors)
    {
        using TestHost host = new();
        Assert.Equal(2, await AutoBidCommand.RunAsync(["evaluate", "--gate", "nobody", "--out", _folder, "--prior", .. priors], host.Host));
        Assert.StartsWith("autobid: --prior: a gate takes one", Assert.Single(Lines(host.Error)), StringComparison.Ordinal);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Fails(GateOptions options)
    {
        using TestHost host = new();
        return Assert.Throws<CommandException>(() => GateEvaluation.Run(host.Host, options, CancellationToken.None)).Message;
    }

    private GateOptions Options(string model) => new()
    {
        Model = model,
        Models = Models,
        Folder = Path.Combine(_folder, "out"),
        Json = Path.Combine(_folder, "figures.json"),
        Protocol = Small,
    };

    private void Install(Action<JsonNode>? edit = null)
    {
        Directory.CreateDirectory(Model);
        foreach (string file in Directory.GetFiles(Path.Combine(Installation.Home, "tests", "AutoBid.Policies.Tests", "Models", "tiny"))) File.Copy(file, Path.Combine(Model, Path.GetFileName(file)), overwrite: true);
        if (edit is null) return;
        string path = Path.Combine(Model, "card.json");
        JsonNode card = JsonNode.Parse(File.ReadAllBytes(path))!;
        edit(card);
        File.WriteAllText(path, card.ToJsonString());
    }
}
