using System.Globalization;
using System.Text.Json;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Models;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Parity;

/// <summary>
/// Plays 48 keys through the engine (frozen rivals, ONNX policy) and through the torch replay environment that policies are trained in
/// (policies/tests/parity.py), on the same exported period.
/// </summary>
public sealed class TorchParityTests : IDisposable
{
    private static readonly ScaleFreeFeatures Builder = new ScaleFreeFeatures(2);
    private readonly string _folder = Environment.GetEnvironmentVariable("PARITY_KEEP") ?? Directory.CreateTempSubdirectory("autobid-parity").FullName;

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("PARITY_KEEP") is null) Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_replay_environment_sees_and_scores_what_the_engine_does()
    {
        PriorFile prior = new PriorBuilderRun().Prior;
        foreach (string play in (string[])["certain", "natural"])
        {
            PeriodSetup setup = Setup(prior, play);
            string folder = Path.Combine(_folder, play);
            new TrajectoryExport(Builder) { Threads = 2 }.Write(folder, [new PlannedPeriod(setup, DataSplit.Train)]);
            prior.Save(Path.Combine(folder, "prior.json"));
        }

        await PythonScript.RunAsync("parity.py", "make", _folder);
        File.WriteAllText(Path.Combine(_folder, "variants.json"), JsonSerializer.Serialize(Variants, JsonSerializerOptions.Web));
        foreach (string play in (string[])["certain", "natural"]) Play(Setup(prior, play), prior, Path.Combine(_folder, play));
        string found = await PythonScript.RunAsync("parity.py", "compare", _folder);
        Console.WriteLine(found);
    }

    private static readonly Variant[] Variants =
    [
        new("direct", "direct", 1, []),
        new("direct, half the budget", "direct", 0.5, []),
        new("direct, step unknown", "direct", 1, ["step"]),
        new("direct, regime unknown", "direct", 1, ["regime"]),
        new("residual", "residual", 1, []),
    ];

    private sealed record Variant(string Name, string Policy, double Budget, string[] Hidden);

    private sealed class PriorBuilderRun
    {
        public PriorBuilderRun()
        {
            var builder = new PriorBuilder();
            new AuctionNetPeriod(2).Play(new PeriodSetup { Seed = 1, Period = 900, LineUp = new LineUpFactory(1, null).Opponents(0, Seats), Traffic = Traffic }, builder);
            Prior = builder.Build("small", 1);
        }

        public PriorFile Prior { get; }
    }

    private static readonly int Opportunities = int.Parse(Environment.GetEnvironmentVariable("PARITY_OPP") ?? "60000", CultureInfo.InvariantCulture);
    private static readonly TrafficOptions Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = Opportunities };

    // Whole budgets: what is left of one that runs out is then the same number in single precision.
    private static readonly Seat[] Seats = Array.ConvertAll(AuctionNetSeats.Scaled(Opportunities / 500_000.0), seat => seat with { Budget = 2 * Math.Round(seat.Budget) });

    private static PeriodSetup Setup(PriorFile prior, string play) => new()
    {
        Seed = 1,
        Period = 3,
        LineUp = new LineUpFactory(1, prior.ToPrior()).Training(2, 3, new TrainingMix { Seats = Seats, BudgetFactors = [1] }),
        Traffic = Traffic,
        Rules = play == "certain" ? AuctionRules.AuctionNet with { Exposure = [1, 1, 1] } : AuctionRules.AuctionNet,
    };

    private void Play(PeriodSetup setup, PriorFile prior, string folder)
    {
        Dictionary<string, RecordedPolicy> policies = [];
        foreach (string kind in Variants.Select(variant => variant.Policy).Distinct())
        {
            string model = Path.Combine(_folder, "model", kind);
            var card = ModelCard.Parse(File.ReadAllBytes(Path.Combine(model, "card.json")));
            policies[kind] = new RecordedPolicy(new OnnxDecisionTransformerPolicy(card, OnnxSession.Open(File.ReadAllBytes(Path.Combine(model, "model.onnx")))), Builder);
        }

        FrozenEntry[] entries = [.. Variants.SelectMany(variant => setup.LineUp.Agents.Select((agent, seat) => new FrozenEntry(seat, new SeatAgent
        {
            Seat = agent.Seat with { Budget = agent.Seat.Budget * variant.Budget },
            Policy = policies[variant.Policy],
            Mode = agent.Mode,
            Prior = (variant.Hidden.Contains("regime") ? prior with { RegimeSteps = 0 } : prior).ToPrior(),
            KnowsStep = !variant.Hidden.Contains("step"),
        })))];
        var replay = new FrozenReplay(entries, guard: null);
        var rivals = new FrozenRivals();
        new AuctionNetPeriod(2).Play(setup, replay, rivals);
        using FileStream file = File.Create(folder + ".npz");
        using var npz = new NpzWriter(file);
        const int Steps = StepClock.StepsPerDay;
        int keys = entries.Length, width = Builder.Columns.Count;
        float[] features = new float[keys * Steps * width], mpc = new float[keys * Steps], action = new float[keys * Steps], cost = new float[keys * Steps];
        float[] value = new float[keys * Steps], score = new float[keys];
        int[] conversions = new int[keys * Steps], dropped = new int[keys * Steps];
        Dictionary<IBidPolicy, int> next = [];
        for (int entry = 0; entry < keys; entry++)
        {
            var policy = (RecordedPolicy)entries[entry].Agent.Policy;
            int input = next.GetValueOrDefault(policy);
            next[policy] = input + 1;
            for (int t = 0; t < Steps; t++)
            {
                SeatStep step = replay.Steps(entry)[t];
                int at = entry * Steps + t;
                policy.Row(input, t).CopyTo(features, at * width);
                mpc[at] = policy.Base(input, t);
                action[at] = (float)Math.Log(step.Multiplier);
                cost[at] = (float)step.Cost;
                value[at] = (float)step.ValueWon;
                conversions[at] = step.Conversions;
                dropped[at] = step.Dropped;
            }

            FrozenOutcome day = replay.Outcome(entry);
            score[entry] = (float)Score.Of(day.Value, day.Cost, entries[entry].Agent.Seat.TargetCpa);
        }

        npz.Write("features", features, keys, Steps, width);
        npz.Write("base", mpc, keys, Steps);
        npz.Write("action", action, keys, Steps);
        npz.Write("cost", cost, keys, Steps);
        npz.Write("value", value, keys, Steps);
        npz.Write("conversions", conversions, keys, Steps);
        npz.Write("dropped", dropped, keys, Steps);
        npz.Write("score", score, keys);
        if (Environment.GetEnvironmentVariable("PARITY_KEEP") is null) return;
        float[] fineCost = new float[48 * Steps * FrozenDay.Points], fineValue = new float[48 * Steps * FrozenDay.Points];
        for (int seat = 0; seat < 48; seat++)
        {
            for (int t = 0; t < Steps; t++)
            {
                rivals.Of(seat).Cost(t).CopyTo(fineCost.AsSpan((seat * Steps + t) * FrozenDay.Points));
                rivals.Of(seat).Value(t).CopyTo(fineValue.AsSpan((seat * Steps + t) * FrozenDay.Points));
            }
        }

        npz.Write("fineCost", fineCost, 48, Steps, FrozenDay.Points);
        npz.Write("fineValue", fineValue, 48, Steps, FrozenDay.Points);
    }
}
