using AutoBid.Core.Campaigns;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Statistics;
using AutoBid.Simulator.Reports;

namespace AutoBid.Simulator.Tests.Evaluation;

public sealed class EvaluationAnalysisTests
{
    [Fact]
    public void Figures_are_sums_over_sums_of_the_keys()
    {
        using var folder = new TemporaryFolder();
        EvaluationMarket market = SmallEvaluation.Market(SmallEvaluation.TwoPolicies);
        IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes = SmallEvaluation.Play(market, folder.Path);
        EvaluationReport report = EvaluationAnalysis.Of(market, outcomes, resamples: 500);
        Assert.Equal([0.5, 1], report.Groups.Select(g => g.BudgetFactor));
        foreach (ScoreGroup group in report.Groups)
        {
            foreach (ScoreRow row in group.Rows)
            {
                KeyRow[] keys = [.. outcomes[EvaluationPath.Frozen].SelectMany(o => o.Keys()).Where(k => k.Policy == row.Policy && k.BudgetFactor == group.BudgetFactor)];
                Assert.Equal(3 * 48, keys.Length);
                Assert.Equal(3 * 48, row.Keys);
                Assert.Equal(keys.Sum(k => k.Expected) / keys.Sum(k => k.Oracle), row.Share!.Value, 1e-12);
                Assert.Equal(keys.Sum(k => k.Cost) / keys.Sum(k => k.Budget), row.SpentShare, 1e-12);
                Assert.Equal(keys.Average(k => k.Realised), row.Realised, 1e-12);
                Assert.Equal(keys.Average(k => (double)k.Conversions), row.Conversions, 1e-12);
                Assert.Equal(keys.Count(k => k.Cost <= k.Target * k.Value * (1 + 1e-9)) / 144.0, row.ValidExpected, 1e-12);
                Assert.Equal(keys.Count(k => k.Cost <= k.Target * k.Conversions * (1 + 1e-9)) / 144.0, row.ValidRealised, 1e-12);
                Assert.InRange(row.Share.Value, row.ShareInterval!.Value.Low, row.ShareInterval.Value.High);
                Assert.Equal(3, row.ShareByPeriod.Count);
                Assert.Equal(row.CpaRatios.Order(), row.CpaRatios);
            }
        }

        Assert.Equal(4, report.Days.Count);
        Assert.All(report.Days, day => Assert.Equal(day.SpendShare.Order(), day.SpendShare));
        Assert.All(report.Days, day => Assert.All(Enumerable.Range(0, 48), t => Assert.True(day.MultiplierP10[t] <= day.MultiplierP50[t] && day.MultiplierP50[t] <= day.MultiplierP90[t])));
        Assert.Equal(1, report.Volume[^1], 1e-6);
        Assert.Empty(report.Gaps);
    }

    [Fact]
    public void In_TargetFirst_value_is_against_the_oracle_that_keeps_its_target()
    {
        using var folder = new TemporaryFolder();
        EvaluationMarket market = SmallEvaluation.Market(SmallEvaluation.TwoPolicies with { Modes = [PacingMode.TargetFirst, PacingMode.SpendFirst] });
        IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes = SmallEvaluation.Play(market, folder.Path);
        PeriodOutcome[] periods = [.. outcomes[EvaluationPath.Frozen]];
        // S* is the value there; in SpendFirst it is a score, which is at most the value.
        Assert.All(periods.SelectMany(p => p.Oracles).Where(o => o.Mode == PacingMode.TargetFirst), o => Assert.Equal(o.Score, o.Value));
        Assert.All(periods.SelectMany(p => p.Oracles), o => Assert.All(Enumerable.Range(0, 48), seat => Assert.True(o.Score[seat] <= o.Value[seat] && o.Cost[seat] <= o.Budget[seat] * (1 + 1e-9))));
        EvaluationReport report = EvaluationAnalysis.Of(market, outcomes, "constant", resamples: 500);
        foreach (ScoreGroup group in report.Groups)
        {
            double oracle = periods.Sum(p => p.OracleOf(group.Mode, group.BudgetFactor).Value.Sum());
            double Value(string policy) => periods.Sum(p => p.OutcomeOf(policy, group.Mode, group.BudgetFactor).Value.Sum());
            Assert.All(group.Rows, row => Assert.Equal(Value(row.Policy) / oracle, row.ValueShare!.Value, 1e-12));
            Assert.Null(group.Rows[0].ValueDifference);
            Assert.Equal((Value("pid") - Value("constant")) / oracle, group.Rows[1].ValueDifference!.Difference!.Value, 1e-12);
            Assert.NotNull(group.Rows[1].ValueDifference!.HolmPValue);
            if (group.Mode == PacingMode.TargetFirst) Assert.All(group.Rows, row => Assert.True(row.Share <= row.ValueShare + 1e-12));
            Assert.Equal(group.Mode == PacingMode.TargetFirst, ResultColumn.Of(report, group.Mode).Any(column => column.Head == "% of value"));
        }
    }

    [Fact]
    public void A_policy_against_itself_differs_by_nothing()
    {
        EvaluationReport report = SmallEvaluation.Report(SmallEvaluation.Plan(("one", new PidPolicy()), ("two", new PidPolicy())), baseline: "one");
        foreach (ScoreGroup group in report.Groups)
        {
            Assert.Equal("one", group.Baseline);
            Assert.Null(group.Rows[0].Difference);
            Assert.Equal(new PairedDifference(0, new Interval(0, 0), 1, 1), group.Rows[1].Difference);
        }
    }

    [Fact]
    public void The_baseline_is_the_best_policy_without_a_model()
    {
        EvaluationPlan plan = SmallEvaluation.Plan(("timid", new ConstantPolicy(0.1, "timid")), ("fair", new ConstantPolicy()), ("mute", new ConstantPolicy(0.06, "mute")));
        EvaluationReport report = SmallEvaluation.Report(plan);
        Assert.All(report.Groups, group => Assert.Equal("fair", group.Baseline));
        Assert.All(report.Groups, group => Assert.True(group.Rows[0].Difference!.Difference < 0));
        Assert.All(report.Groups, group => Assert.Null(group.Rows[1].Difference));
        Assert.Contains("best policy without a model", report.BaselineRule, StringComparison.Ordinal);
        Assert.All(SmallEvaluation.Report(plan, "mute").Groups, group => Assert.True(group.Rows[1].Difference!.Difference > 0));
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Report(plan, "nobody"));
    }

    [Fact]
    public void A_policy_alone_has_nothing_to_compare_with()
    {
        EvaluationReport report = SmallEvaluation.Report(SmallEvaluation.Plan(("fair", new ConstantPolicy())) with { Periods = 1 });
        Assert.All(report.Groups, group => Assert.Null(group.Baseline));
        Assert.All(report.Groups, group => Assert.Null(group.Rows[0].ShareInterval));
        Assert.All(report.Groups, group => Assert.NotNull(group.Rows[0].Share));
    }

    [Fact]
    public void The_reaction_gap_is_full_minus_frozen()
    {
        EvaluationReport report = SmallEvaluation.Report(SmallEvaluation.TwoPolicies with { Periods = 2, Paths = [EvaluationPath.Frozen, EvaluationPath.Full] });
        Assert.Equal(4, report.Gaps.Count);
        foreach (ReactionGap gap in report.Gaps)
        {
            double Share(EvaluationPath path) => report.Groups.Single(g => g.Path == path && g.BudgetFactor == gap.BudgetFactor).Rows.Single(r => r.Policy == gap.Policy).Share!.Value;
            Assert.Equal(Share(EvaluationPath.Full) - Share(EvaluationPath.Frozen), gap.Gap.Difference!.Value, 1e-12);
        }

        Assert.Contains(report.Gaps, gap => gap.Gap.Difference != 0);
    }
}
