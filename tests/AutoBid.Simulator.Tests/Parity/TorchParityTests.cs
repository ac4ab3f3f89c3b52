using System.Text.Json;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Parity;

/// <summary>
/// Plays 48 keys through the engine (frozen rivals, ONNX policy, no guard) and through the torch replay environment that policies are trained
/// in, on the same exported period; <c>policies/tests/parity.py</c> is the other half.
/// </summary>
public sealed class TorchParityTests : IDisposable
{
    private const int Period = 3;
    private const int Opportunities = 60_000;

    private static readonly TrafficOptions Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = Opportunities };

    // Whole budgets are the same number in single precision; at twice their share of the traffic some run out and some do not.
    private static readonly Seat[] Seats =
        [.. AuctionNetSeats.Scaled(2 * Opportunities / 500_000.0).Select(seat => seat with { Budget = Math.Round(seat.Budget) })];

    // Stored curves hold expected exposure: only where it is certain do they say what a day will bring.
    private static readonly ParityPlay[] Plays =
    [
        new("certain", AuctionRules.AuctionNet with { Exposure = [1, 1, 1] },
        [
            new("direct", "direct", 1, []),
            new("half the budget", "direct", 0.5, []),
            new("step and regime unknown", "direct", 1, ["step", "regime"]),
            new("residual", "residual", 1, []),
        ]),
        new("natural", AuctionRules.AuctionNet, [new("direct", "direct", 1, [])]),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-parity").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_replay_environment_sees_decides_and_scores_as_the_engine_does()
    {
        PriorFile prior = Prior();
        File.WriteAllText(Path.Combine(_folder, "plays.json"), JsonSerializer.Serialize(Plays, JsonSerializerOptions.Web));
        foreach (ParityPlay play in Plays)
        {
            string folder = Path.Combine(_folder, play.Name);
            new TrajectoryExport(ParityRecord.Builder) { Threads = 2 }.Write(folder, [new PlannedPeriod(Setup(play, prior), DataSplit.Train)]);
            prior.Save(Path.Combine(folder, "prior.json"));
        }

        await PythonScript.RunAsync("parity.py", "make", _folder);
        foreach (ParityPlay play in Plays) Play(play, prior);
        string found = await PythonScript.RunAsync("parity.py", "compare", _folder);
        TestContext.Current.TestOutputHelper?.WriteLine(found);
        foreach (ParityRow row in JsonSerializer.Deserialize<ParityRow[]>(found, JsonSerializerOptions.Web)!) Check(row);
    }

    private static void Check(ParityRow row)
    {
        string at = row.ToString();
        // A policy that does nothing, and days that end in time, would prove nothing.
        Assert.True(row.Spread > 0.2 && row.Exhausted > 0, at);

        // Response curves are halves of the day's own budget: at another budget they are rounded otherwise.
        Assert.True(row.Feature < (row.Variant == "half the budget" ? 1e-3 : 1e-5), at);
        Assert.True(row.Decision < 1e-4, at);
        // 99 % of MPC's answers: where the projected score is flat, rounding decides.
        Assert.True(row.Base < 1e-5, at);
        // The one rule that is no twin: wins follow the value won, though dearer bids win cheaper impressions. Scores do not feel it.
        Assert.InRange(row.Wins, 0.7, 1.5);

        // What is left is noise of single auctions between the 24 points, and of natural exposure. A policy that knows less feels wins more.
        // Min-pacing behind the residual jumps where the target binds: single keys may then go another way.
        double allowed = (row.Play, row.Variant) switch
        {
            ("certain", "direct") => 0.001,
            (_, "residual") => 0.02,
            _ => 0.005,
        };
        Assert.True(Math.Abs(row.Torch / row.Engine - 1) < allowed, at);
        Assert.True(row.Key < 0.01, at);
    }

    private static PriorFile Prior()
    {
        var builder = new PriorBuilder();
        LineUp earlier = new LineUpFactory(1, null).Opponents(0, Seats);
        new AuctionNetPeriod(2).Play(new PeriodSetup { Seed = 1, Period = 900, LineUp = earlier, Traffic = Traffic }, builder);
        return builder.Build("small", 1);
    }

    private static PeriodSetup Setup(ParityPlay play, PriorFile prior) => new()
    {
        Seed = 1,
        Period = Period,
        LineUp = new LineUpFactory(1, prior.ToPrior()).Training(2, Period, new TrainingMix { Seats = Seats, BudgetFactors = [1] }),
        Traffic = Traffic,
        Rules = play.Rules,
    };

    private void Play(ParityPlay play, PriorFile prior)
    {
        PeriodSetup setup = Setup(play, prior);
        string[] kinds = [.. play.Variants.Select(variant => variant.Policy).Distinct()];
        OnnxDecisionTransformerPolicy[] policies = Array.ConvertAll(kinds, Open);
        RecordedPolicy[] recorded = Array.ConvertAll(policies, policy => new RecordedPolicy(policy, ParityRecord.Builder));
        FrozenEntry[] entries = [.. play.Variants.SelectMany(variant => setup.LineUp.Agents.Select((agent, seat) => new FrozenEntry(seat, new SeatAgent
        {
            Seat = agent.Seat with { Budget = agent.Seat.Budget * variant.Budget },
            Policy = recorded[Array.IndexOf(kinds, variant.Policy)],
            Mode = agent.Mode,
            Prior = (variant.Hidden.Contains("regime") ? prior with { RegimeSteps = 0 } : prior).ToPrior(),
            KnowsStep = !variant.Hidden.Contains("step"),
        })))];
        var replay = new FrozenReplay(entries, guard: null);
        new AuctionNetPeriod(2).Play(setup, replay);
        ParityRecord.Write(Path.Combine(_folder, play.Name + ".npz"), replay);
        foreach (OnnxDecisionTransformerPolicy policy in policies) policy.Dispose();
    }

    private OnnxDecisionTransformerPolicy Open(string kind)
    {
        string folder = Path.Combine(_folder, "model", kind);
        var session = OnnxSession.Open(File.ReadAllBytes(Path.Combine(folder, "model.onnx")));
        return new(ModelCard.Parse(File.ReadAllBytes(Path.Combine(folder, "card.json"))), ModelInference.Over(kind, session, TimeProvider.System, new PolicyMetrics()));
    }

    private sealed record ParityPlay(string Name, AuctionRules Rules, ParityVariant[] Variants);

    /// <param name="Hidden">Feature groups that the policy does not know.</param>
    private sealed record ParityVariant(string Name, string Policy, double Budget, string[] Hidden);

    /// <summary>
    /// Torch against engine. With the engine's flows: the largest difference of a feature and of a decision, the 99th percentile of MPC's answers,
    /// wins. On its own curves: sums of scores, and the median key's relative difference.
    /// </summary>
    private sealed record ParityRow(
        string Play, string Variant, double Feature, string Worst, double Decision, double Base, double Wins, double Spread, int Exhausted, double Engine, double Torch, double Key);
}
