using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Replay;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Tests.Periods;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Replay;

public sealed class LogReplayTests
{
    private static readonly IBidPolicy[] Simple = [new ConstantPolicy(), new PidPolicy(), new MpcPolicy()];

    private static ReplayResult Run(IReadOnlyList<ReplayRow> rows, ReplayOptions options, bool hasOutcomes = true)
    {
        var replay = new LogReplay(options);
        replay.Read(new ListLog(rows, hasOutcomes));
        return replay.Finish();
    }

    private static ReplayOptions With(params IBidPolicy[] policies) => new() { Policies = policies };

    [Fact]
    public void The_protocol_is_the_naive_one()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            double Multiplier(int step) => 0.3 + 0.05 * ((step * 7 + seed) % 40);
            List<ReplayRow> rows = RandomLog.Rows((ulong)seed, seed % 100, 3, 12);
            ReplayResult result = Run(rows, With(new TestPolicy(input => Multiplier(input.Trajectory.Closed))) with { Seed = (ulong)seed, Guard = null });
            Assert.Equal(3, result.Keys);
            foreach (ReplayScore score in result.Scores)
            {
                List<ReplayRow> key = [.. rows.Where(r => $"a{r.Advertiser}" == score.Advertiser)];
                var naive = NaiveReplay.Play(key, key[0].Budget, (ulong)seed, Multiplier);
                Assert.Equal(naive.Cost, score.Cost, 1e-9);
                Assert.Equal(naive.Value, score.Value, 1e-9);
                Assert.Equal(naive.Conversions, score.Conversions);
                Assert.Equal(naive.Wins, score.Wins);
                Assert.Equal(Score.Of(naive.Value, naive.Cost, key[0].Target), score.Expected, 1e-9);
                Assert.Equal(Score.Of(naive.Conversions, naive.Cost, key[0].Target), score.Realised!.Value, 1e-9);
                Assert.True(score.Cost <= score.Budget + 1e-9);
            }

            return true;
        }).Check(Checks.Config);
    }

    [Fact]
    public void Policies_see_what_happened_and_the_step_to_come()
    {
        List<ReplayRow> rows = [.. RandomLog.Rows(3, 1, 1, 30, step => step is not (5 or 47)).Select(r => r with { Budget = 40 })];
        var seen = new List<(PolicyInput Input, StepRow Row, double[] Cost, double[] Value)>();
        var policy = new TestPolicy(input =>
        {
            int last = input.Trajectory.Closed - 1;
            bool has = input.Trajectory.TryGetCurve(last, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value);
            seen.Add((input, last < 0 ? default : input.Trajectory.Rows[last], has ? [.. cost.ToArray().Select(c => (double)c)] : [], has ? [.. value.ToArray().Select(c => (double)c)] : []));
            return 1.2;
        });
        Run(rows, With(policy) with { Seed = 3 });
        Assert.Equal(48, seen.Count);
        double[] costs = NaiveReplay.Play(rows, 40, 3, _ => 1.2).CostOfStep;
        for (int step = 0; step < 48; step++)
        {
            ReplayRow[] now = [.. rows.Where(r => r.Step == step)];
            Assert.Equal(now.Length, seen[step].Input.CurrentImpressions);
            Assert.Equal(now.Length == 0 ? 0 : now.Average(r => r.Value), seen[step].Input.CurrentMeanValue, 1e-12);
            Assert.Equal((40.0, rows[0].Target), (seen[step].Input.Budget, seen[step].Input.Reference));
            if (step == 0) continue;
            ReplayRow[] before = [.. rows.Where(r => r.Step == step - 1)];
            StepRow row = seen[step].Row;
            Assert.Equal(before.Length, row.Impressions);
            Assert.Equal(costs[step - 1], row.Cost, 1e-4);
            Assert.Equal(before.Length == 0 ? 0 : before.Average(r => r.Price), row.MeanLeastWinningCost, 1e-5);
            Assert.Equal(1.2, row.Multiplier, 1e-5);
            for (int i = 0; i < ResponseGrid.Points; i++)
            {
                ReplayRow[] won = [.. before.Where(r => r.Value > 0 && ResponseGrid.Multipliers[i] * r.Target * r.Value >= r.Price)];
                Assert.Equal(won.Sum(r => r.Price) / 40, seen[step].Cost[i], 2e-3);
                Assert.Equal(won.Sum(r => r.Value) * r0(rows) / 40, seen[step].Value[i], 2e-3);
            }
        }

        static double r0(List<ReplayRow> rows) => rows[0].Target;
    }

    [Theory]
    [InlineData(1, 4_000_000)]
    [InlineData(4, 4_000_000)]
    [InlineData(1, 0)]
    [InlineData(3, 50)]
    public void Order_batches_and_threads_change_nothing(int threads, int mostWaiting)
    {
        List<ReplayRow> byAdvertiser = [.. RandomLog.Rows(5, 1, 5, 20, step => step != 12), .. RandomLog.Rows(5, 2, 5, 20)];
        ReplayOptions options = With(Simple) with { BudgetFactors = [0.5, 1], Seed = 9 };
        ReplayResult expected = Run(byAdvertiser, options);
        Assert.Equal(5 * 2 * 3 * 2, expected.Scores.Count);
        options = options with { Threads = threads, MostRowsWaiting = mostWaiting };
        Assert.Equal(expected.Scores, Run(byAdvertiser, options).Scores);
        Assert.Equal(expected.Scores, Run(RandomLog.Interleaved(byAdvertiser, 1), options).Scores);
        // Steps in turn, whole advertisers in a step: the last key lags behind the first by a step.
        Assert.Equal(expected.Scores, Run([.. byAdvertiser.OrderBy(r => r.Period).ThenBy(r => r.Step)], options).Scores);
    }

    [Fact]
    public void Files_can_share_a_period()
    {
        List<ReplayRow> rows = RandomLog.Rows(6, 1, 4, 10);
        var replay = new LogReplay(With(Simple));
        replay.Read(new ListLog([.. rows.Where(r => r.Advertiser < 2)]));
        replay.Read(new ListLog([.. rows.Where(r => r.Advertiser >= 2)]));
        Assert.Equal(Run(rows, With(Simple)).Scores, replay.Finish().Scores);
    }

    [Fact]
    public void Keys_of_a_step_decide_in_one_batch()
    {
        var policy = new TestPolicy(_ => 1);
        Run(RandomLog.Interleaved(RandomLog.Rows(7, 1, 6, 5), 1), With(policy) with { BudgetFactors = [1, 2] });
        Assert.Equal(48, policy.BatchSizes.Count);
        Assert.All(policy.BatchSizes, size => Assert.Equal(12, size));
    }

    [Fact]
    public void Variants_do_not_meet()
    {
        List<ReplayRow> rows = RandomLog.Rows(8, 1, 3, 20);
        ReplayResult together = Run(rows, With(Simple) with { BudgetFactors = [0.5, 1.5] });
        ReplayScore[] apart = [.. Simple.SelectMany(policy => new[] { 0.5, 1.5 }.SelectMany(factor => Run(rows, With(policy) with { BudgetFactors = [factor] }).Scores))];
        Assert.Equal(apart, together.Scores);
        Assert.Equal([("constant", 0.5), ("constant", 1.5), ("pid", 0.5), ("pid", 1.5), ("mpc", 0.5), ("mpc", 1.5)], together.Summaries().Select(s => (s.Policy, s.BudgetFactor)));
    }

    [Fact]
    public void Nobody_beats_the_knapsack_and_constants_do_not_beat_the_best_one()
    {
        foreach (PacingMode mode in (PacingMode[])[PacingMode.SpendFirst, PacingMode.TargetFirst])
        {
            ReplayResult result = Run(RandomLog.Rows(11, 1, 12, 40), With([.. Simple, new ConstantPolicy(0.6, "low"), new ConstantPolicy(2.5, "high")]) with { Mode = mode });
            Assert.All(result.Scores, score => Assert.True(score.Expected <= score.Knapsack * (1 + 1e-9)));
            Assert.Contains(result.Scores, score => score.Oracle > 0.5 * score.Knapsack);
            if (mode == PacingMode.SpendFirst) Assert.All(result.Scores, score => Assert.True(score.Oracle <= score.Knapsack * (1 + 1e-9)));
        }
    }

    [Fact]
    public void The_best_constant_is_found_by_playing_them_all()
    {
        List<ReplayRow> rows = [.. RandomLog.Rows(12, 1, 1, 40).Select(r => r with { Budget = 1e6 })];
        ReplayScore score = Assert.Single(Run(rows, With(new ConstantPolicy())).Scores);
        double best = DayForecast.Multipliers.Max(m =>
        {
            var naive = NaiveReplay.Play(rows, 1e6, 1, _ => m);
            return Score.Of(naive.Value, naive.Cost, rows[0].Target);
        });
        Assert.Equal(best, score.Oracle, 1e-9);
    }

    [Fact]
    public void A_best_constant_stops_with_the_budget()
    {
        // Two steps at price 1 and value 0.5 each: 3 of 4 opportunities of the first step are affordable.
        ReplayRow[] rows = [.. Enumerable.Range(0, 8).Select(i => new ReplayRow { Step = i / 4, Opportunity = i, Value = 0.5, Price = 1, Budget = 3, Target = 100, Outcome = ReplayRow.Drawn })];
        ReplayScore score = Assert.Single(Run(rows, With(new ConstantPolicy())).Scores);
        Assert.Equal(1.5, score.Oracle, 1e-12);
        Assert.Equal(1.5, score.Knapsack, 0.01);
        Assert.Equal((3, 1.5), (score.Wins, score.Value));
    }

    [Fact]
    public void A_budget_of_nothing_buys_nothing()
    {
        var asked = 0;
        var policy = new TestPolicy(_ => ++asked);
        ReplayRow[] rows = [.. RandomLog.Rows(13, 1, 1, 10).Select(r => r with { Budget = 0 })];
        ReplayResult result = Run(rows, With(policy) with { SmallestBudget = 0 });
        ReplayScore score = Assert.Single(result.Scores);
        Assert.Equal((0, 0.0, 0.0, 0, 0.0), (asked, score.Cost, score.Value, score.Conversions, score.Expected));
        ReplaySummary summary = Assert.Single(result.Summaries());
        Assert.Equal((1, 0.0, 1.0), (summary.Keys, summary.SpentShare, summary.CpaValidity));
        Assert.Null(summary.Cpa);
        // Below the smallest budget nothing is bid either, whatever is for free.
        ReplayScore small = Assert.Single(Run([.. rows.Select(r => r with { Budget = 0.09, Price = 0 })], With(policy)).Scores);
        Assert.Equal((0, 0.0, 0.0), (small.Wins, small.Oracle, small.Knapsack));
    }

    [Fact]
    public void A_tiny_budget_does_not_upset_the_policies()
    {
        ReplayRow[] rows = [.. RandomLog.Rows(14, 1, 1, 60).Select(r => r with { Budget = 0.1, Price = r.Price * 1e5, Target = r.Target * 1e5 })];
        Assert.All(Run(rows, With(Simple)).Scores, score => Assert.True(score.Cost <= 0.1 && double.IsFinite(score.Expected)));
    }

    [Fact]
    public void Logged_outcomes_count_and_unknown_ones_are_not_reported()
    {
        ReplayRow[] rows = [.. RandomLog.Rows(15, 1, 1, 20).Select((r, i) => r with { Budget = 1e6, Outcome = (sbyte)(i % 2) })];
        ReplayScore score = Assert.Single(Run(rows, With(new ConstantPolicy())).Scores);
        Assert.Equal(rows.Count(r => r.Target * r.Value >= r.Price && r.Value > 0 && r.Outcome == 1), score.Conversions);
        ReplayResult unknown = Run(rows, With(new ConstantPolicy()), hasOutcomes: false);
        Assert.Null(Assert.Single(unknown.Scores).Realised);
        Assert.Null(Assert.Single(unknown.Summaries()).Conversions);
    }

    [Fact]
    public void A_log_without_rows_has_no_keys()
    {
        ReplayResult result = Run([], With(Simple));
        Assert.Equal((0L, 0), (result.Rows, result.Keys));
        Assert.Empty(result.Summaries());
    }

    [Fact]
    public void Steps_do_not_go_backwards()
        => Refused([Row(step: 4, opportunity: 0), Row(step: 5, opportunity: 1), Row(step: 4, opportunity: 2)], 3, "Step", "step 4 of period 1, advertiser a2 comes after its step 5");

    [Fact]
    public void A_key_has_one_budget()
        => Refused([Row(opportunity: 0), Row(opportunity: 1) with { Budget = 11 }], 2, "Budget", "a budget of 11 here, 10 before");

    [Fact]
    public void A_key_has_one_target()
        => Refused([Row(opportunity: 0), Row(opportunity: 1) with { Target = 3 }], 2, "Target", "a target of 3 here, 2 before");

    [Fact]
    public void A_period_is_not_taken_up_again()
        => Refused([Row(), Row() with { Period = 2 }, Row(opportunity: 1)], 3, "Key", "go on after those of another period");

    [Theory]
    [InlineData(3, 3)]
    [InlineData(47, 2)]
    public void An_opportunity_occurs_once(int step, int line)
    {
        List<ReplayRow> rows = [Row(step: step, opportunity: 7), Row(step: step, opportunity: 7)];
        if (step < 47) rows.Add(Row(step: step + 1, opportunity: 8));
        Refused(rows, line, "Opportunity", $"opportunity 7 of period 1, advertiser a2, step {step} occurs twice");
    }

    [Fact]
    public void An_interrupted_replay_stops()
    {
        ReplayRow[] rows = [.. Enumerable.Range(0, 70_000).Select(i => Row(opportunity: i))];
        Assert.Throws<OperationCanceledException>(() => new LogReplay(With(Simple)).Read(new ListLog(rows), cancellation: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentException>(() => new LogReplay(With()));
        Assert.Throws<ArgumentException>(() => new LogReplay(With(new ConstantPolicy(), new ConstantPolicy(2))));
        Assert.Throws<ArgumentException>(() => new LogReplay(With(Simple) with { BudgetFactors = [] }));
        Assert.Throws<ArgumentException>(() => new LogReplay(With(Simple) with { BudgetFactors = [1, double.NaN] }));
        Assert.Throws<ArgumentException>(() => new LogReplay(With(Simple) with { BudgetFactors = [1, 1] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new LogReplay(With(Simple) with { Threads = 0 }));
    }

    private static ReplayRow Row(int step = 0, int opportunity = 0) => new()
    {
        Period = 1,
        Advertiser = 2,
        Step = step,
        Opportunity = opportunity,
        Value = 0.1,
        Sigma = 0.01,
        Price = 0.1,
        Outcome = ReplayRow.Drawn,
        Budget = 10,
        Target = 2,
    };

    private static void Refused(IReadOnlyList<ReplayRow> rows, long line, string column, string what)
    {
        var error = Assert.Throws<LogFormatException>(() => Run(rows, With(Simple)));
        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }
}
