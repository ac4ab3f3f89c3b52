using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Reports;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Evaluation;

public sealed class EvaluationRunTests
{
    private static readonly EvaluationPath[] Both = [EvaluationPath.Frozen, EvaluationPath.Full];

    [Fact]
    public void A_run_that_was_stopped_ends_with_the_files_of_one_that_was_not()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Paths = Both };
        EvaluationMarket market = SmallEvaluation.Market(plan);
        using var whole = new TemporaryFolder();
        using var stopped = new TemporaryFolder();
        EvaluationFiles.Write(whole.Path, EvaluationAnalysis.Of(market, SmallEvaluation.Play(market, whole.Path), resamples: 200));

        using var source = new CancellationTokenSource();
        var run = new EvaluationRun(market, EvaluationFolder.Open(stopped.Path, market));
        Assert.Throws<OperationCanceledException>(() => run.Play((done, total) =>
        {
            if (done > total * 0.55) source.Cancel();
        }, source.Token));
        int finished = Directory.GetFiles(Path.Combine(stopped.Path, "periods")).Length;
        Assert.InRange(finished, 1, 5);
        File.WriteAllText(Path.Combine(stopped.Path, "periods", "0052-full.json.tmp"), "{ what a killed run left");

        // Another process with more threads goes on.
        EvaluationMarket again = SmallEvaluation.Market(SmallEvaluation.TwoPolicies with { Paths = Both });
        EvaluationFiles.Write(stopped.Path, EvaluationAnalysis.Of(again, SmallEvaluation.Play(again, stopped.Path, threads: 2), resamples: 200));
        Assert.Equal(whole.Files(), stopped.Files());
        Assert.Equal(6 + 4, whole.Files().Count);
    }

    [Fact]
    public void Progress_rises_to_the_whole_work_and_a_finished_run_plays_nothing()
    {
        using var folder = new TemporaryFolder();
        EvaluationMarket market = SmallEvaluation.Market(SmallEvaluation.TwoPolicies with { Paths = Both, Periods = 1 });
        var seen = new List<double>();
        double whole = 0;
        new EvaluationRun(market, EvaluationFolder.Open(folder.Path, market)).Play((done, total) =>
        {
            seen.Add(done);
            whole = total;
        });
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(whole, seen[^1], 1e-6);
        new EvaluationRun(market, EvaluationFolder.Open(folder.Path, market)).Play((_, _) => Assert.Fail("nothing was left to play"));
    }

    [Fact]
    public void Keys_of_the_full_path_are_those_of_the_period_with_the_group_replaced()
    {
        var policy = new ConstantPolicy(1.4, "bold");
        EvaluationPlan plan = SmallEvaluation.Plan(("bold", policy)) with { Paths = [EvaluationPath.Full], Periods = 1, BudgetFactors = [0.5], SeatsTogether = 8 };
        EvaluationMarket market = SmallEvaluation.Market(plan);
        using var folder = new TemporaryFolder();
        KeyRow[] keys = [.. SmallEvaluation.Play(market, folder.Path)[EvaluationPath.Full][0].Keys()];
        Assert.Equal(Enumerable.Range(0, 48), keys.Select(key => key.Seat));

        PeriodSetup setup = market.Base(0, PacingMode.SpendFirst).Setup;
        SeatAgent[] agents = [.. setup.LineUp.Agents];
        for (int seat = 2; seat < 48; seat += 6)
        {
            agents[seat] = new SeatAgent { Seat = agents[seat].Seat with { Budget = 0.5 * agents[seat].Seat.Budget }, Policy = policy };
        }

        PeriodResult result = new AuctionNetPeriod().Play(setup with { LineUp = setup.LineUp with { Agents = agents } });
        var rivals = new FrozenRivals();
        new AuctionNetPeriod().Play(setup, rivals);
        foreach (KeyRow key in keys.Where(key => key.Seat % 6 == 2))
        {
            Assert.Equal(result.Cost(key.Seat), key.Cost);
            Assert.Equal(result.ValueWon(key.Seat), key.Value);
            Assert.Equal(result.Conversions(key.Seat), key.Conversions);
            Assert.Equal(Score.Of(key.Value, key.Cost, key.Target), key.Expected);
            Assert.Equal(Score.Of(key.Conversions, key.Cost, key.Target), key.Realised);
            Assert.Equal(agents[key.Seat].Seat.Budget, key.Budget);
            OracleResult best = HindsightOracle.BestConstant(rivals.Of(key.Seat), agents[key.Seat].Seat, PacingMode.SpendFirst);
            Assert.Equal((best.Score, best.Multiplier), (key.Oracle, key.OracleMultiplier));
        }
    }

    [Fact]
    public void Keys_of_the_frozen_path_are_those_of_a_replay_and_both_paths_share_their_oracles()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Periods = 1, Paths = Both };
        EvaluationMarket market = SmallEvaluation.Market(plan);
        using var folder = new TemporaryFolder();
        IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes = SmallEvaluation.Play(market, folder.Path);
        BasePeriod period = market.Base(0, PacingMode.SpendFirst);
        SeatAgent candidate = market.Candidate(period, 7, plan.Policies[1], 0.5);
        var replay = new FrozenReplay([new FrozenEntry(7, candidate)], period.Setup.Guard);
        new AuctionNetPeriod().Play(period.Setup, replay);
        KeyRow key = outcomes[EvaluationPath.Frozen][0].Keys().Single(k => k is { Seat: 7, Policy: "pid", BudgetFactor: 0.5 });
        Assert.Equal((replay.Outcome(0).Cost, replay.Outcome(0).Conversions), (key.Cost, key.Conversions));
        Assert.True(key.Cost > 0);
        Assert.Equal(
            outcomes[EvaluationPath.Frozen][0].Keys().Select(k => (k.Oracle, k.OracleMultiplier, k.Budget)),
            outcomes[EvaluationPath.Full][0].Keys().Select(k => (k.Oracle, k.OracleMultiplier, k.Budget)));
    }

    [Fact]
    public void The_full_path_alone_finds_the_same_oracles()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Periods = 1, SeatsTogether = 48 };
        using var one = new TemporaryFolder();
        using var other = new TemporaryFolder();
        EvaluationMarket alone = SmallEvaluation.Market(plan with { Paths = [EvaluationPath.Full] }), both = SmallEvaluation.Market(plan with { Paths = Both });
        SmallEvaluation.Play(alone, one.Path);
        SmallEvaluation.Play(both, other.Path);
        Assert.Equal(one.Files()[Path.Combine("periods", "0050-full.json")], other.Files()[Path.Combine("periods", "0050-full.json")]);
    }

    [Fact]
    public void Candidates_know_only_what_the_plan_says()
    {
        var told = new List<(bool Step, bool Curve)>();
        var policy = new TestPolicy(input =>
        {
            if (input.Trajectory.Closed == 5) told.Add((input.CurrentImpressions > 0, input.Trajectory.TryGetCurve(4, out _, out _)));
            return 1;
        });
        foreach (Knowledge knowledge in (Knowledge[])[Knowledge.All, Knowledge.Without(["step", "curves"])])
        {
            using var folder = new TemporaryFolder();
            EvaluationMarket market = SmallEvaluation.Market(SmallEvaluation.Plan(("test", policy)) with { Periods = 1, BudgetFactors = [1], Knowledge = knowledge });
            SmallEvaluation.Play(market, folder.Path);
        }

        Assert.Equal(96, told.Count);
        Assert.All(told[..48], seat => Assert.Equal((true, true), seat));
        Assert.All(told[48..], seat => Assert.Equal((false, false), seat));
        Assert.Throws<ArgumentException>(() => Knowledge.Without(["weather"]));
        Assert.Equal(["regime"], Knowledge.Without(["regime"]).Unknown);
    }

    [Fact]
    public void A_shift_changes_rivals_and_targets_but_not_a_candidates_budget()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Shift = "richer" };
        LineUp field = new LineUpFactory(1, null).Opponents(1, AuctionNetSeats.All);
        var market = new EvaluationMarket(plan, (_, _) => field, setup => setup with
        {
            LineUp = setup.LineUp with { Agents = [.. setup.LineUp.Agents.Select(a => a with { Seat = new Seat(a.Seat.Budget * 1.1, a.Seat.TargetCpa * 0.8) })] },
        });
        BasePeriod period = market.Base(0, PacingMode.SpendFirst);
        Seat own = field.Agents[3].Seat;
        Assert.Equal(new Seat(own.Budget * 1.1, own.TargetCpa * 0.8), period.Setup.LineUp.Agents[3].Seat);
        Assert.Equal(new Seat(own.Budget * 0.5, own.TargetCpa * 0.8), market.Candidate(period, 3, plan.Policies[0], 0.5).Seat);
        Assert.NotEqual(market.Identity, new EvaluationMarket(plan with { Shift = null }, (_, _) => field).Identity);
    }

    [Fact]
    public void Line_ups_take_the_days_in_turn()
    {
        using var folder = new TemporaryFolder();
        EvaluationMarket market = SmallEvaluation.Market(SmallEvaluation.TwoPolicies);
        IReadOnlyList<PeriodOutcome> outcomes = SmallEvaluation.Play(market, folder.Path)[EvaluationPath.Frozen];
        Assert.Equal([(50, "mixed-1"), (51, "mixed-2"), (52, "mixed-1")], outcomes.Select(o => (o.Period, o.LineUp)));
        Assert.Equal(PeriodOutcome.ResponseMultipliers.Count, outcomes[0].Oracles[0].ResponseCost.Length);
        Assert.Equal(ResponseGrid.Lowest, PeriodOutcome.ResponseMultipliers[0], 1e-6);
        Assert.Equal(4, PeriodOutcome.ResponseMultipliers[^1], 1e-6);
    }

    [Fact]
    public void Plans_that_cannot_be_played_are_refused()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies;
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Market(plan with { Policies = [] }));
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Market(plan with { Policies = [plan.Policies[0], plan.Policies[0]] }));
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Market(plan with { BudgetFactors = [0] }));
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Market(plan with { Periods = 0 }));
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Market(plan with { SeatsTogether = 7 }));
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Market(plan with { LineUps = [] }));
    }
}
