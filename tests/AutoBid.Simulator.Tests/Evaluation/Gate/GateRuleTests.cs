using AutoBid.Core.Campaigns;
using AutoBid.Policies.Models;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Gate;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Evaluation.Gate;

public sealed class GateRuleTests
{
    // Around every threshold of the rule, on it, and missing.
    private static readonly double?[] Bounds = [null, -0.02, -0.010001, -0.01, -0.009999, -1e-6, 0, 1e-6, 0.01];
    private static readonly double[] Validities = [0.9, 0.929999, 0.93, 0.95, 1];

    [Fact]
    public void A_model_above_every_reference_is_a_default()
    {
        GateDecision decision = Decide(GateCases.Winning);
        Assert.Equal(Verdict.Default, decision.Verdict);
        Assert.Empty(decision.Shortfalls);
    }

    [Theory]
    [InlineData(1e-6, Verdict.Default)]
    [InlineData(0.0, Verdict.Usable)]
    [InlineData(-0.009999, Verdict.Usable)]
    [InlineData(-0.01, Verdict.Refused)]
    [InlineData(null, Verdict.Refused)]
    [InlineData(double.NaN, Verdict.Refused)]
    public void Every_frozen_interval_decides(double? low, Verdict expected)
    {
        foreach (PacingMode mode in GateProtocol.Modes)
        {
            foreach (double budget in GateCases.Protocol.BudgetFactors)
            {
                GateDecision decision = Decide(GateCases.Winning.With(mode, EvaluationPath.Frozen, budget, c => c with { Low = low }));
                Assert.Equal(expected, decision.Verdict);
                if (expected != Verdict.Default) Assert.StartsWith($"{mode} {100 * budget:0} %: +1.00 ", Assert.Single(decision.Shortfalls), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(0.0, Verdict.Default)]
    [InlineData(-1e-6, Verdict.Usable)]
    [InlineData(-0.5, Verdict.Usable)]
    [InlineData(null, Verdict.Usable)]
    public void A_mean_loss_to_reacting_rivals_is_no_default(double? difference, Verdict expected)
    {
        foreach (PacingMode mode in GateProtocol.Modes)
        {
            foreach (double budget in GateCases.Protocol.FullBudgetFactors)
            {
                // There the interval does not matter.
                IReadOnlyList<GateComparison> all = GateCases.Winning.With(mode, EvaluationPath.Full, budget, c => c with { Difference = difference, Low = -1 });
                Assert.Equal(expected, Decide(all).Verdict);
            }
        }
    }

    [Theory]
    [InlineData(PacingMode.TargetFirst, 0.93, Verdict.Default)]
    [InlineData(PacingMode.TargetFirst, 0.929999, Verdict.Usable)]
    [InlineData(PacingMode.TargetFirst, 0, Verdict.Usable)]
    [InlineData(PacingMode.SpendFirst, 0, Verdict.Default)]
    public void Validity_may_fall_by_two_points_in_TargetFirst(PacingMode mode, double valid, Verdict expected)
        => Assert.Equal(expected, Decide(GateCases.Winning.With(mode, EvaluationPath.Frozen, 0.5, c => c with { ModelValid = valid })).Verdict);

    [Fact]
    public void Without_a_figure_that_decides_there_is_no_verdict()
    {
        Assert.Throws<ArgumentException>(() => Decide([]));
        foreach (GateComparison missing in GateCases.Winning.Where(c => c.Unknown.Count == 0))
        {
            Assert.Throws<ArgumentException>(() => Decide([.. GateCases.Winning.Where(c => c != missing)]));
            Assert.Throws<ArgumentException>(() => Decide([.. GateCases.Winning, missing with { Low = -1 }]));
        }

        Assert.Equal(Verdict.Default, Decide([.. GateCases.Winning.Where(c => c.Unknown.Count == 0)]).Verdict);
    }

    [Fact]
    public void A_better_figure_never_gives_a_worse_verdict()
    {
        Gen<(IReadOnlyList<GateComparison> All, int Cell, GateComparison Better)> gen =
            from all in Figures
            from cell in Gen.Choose(0, all.Count - 1)
            from better in Cell(all[cell])
            select (all, cell, Best(all[cell], better));
        Prop.ForAll(gen.ToArbitrary(), change =>
        {
            IReadOnlyList<GateComparison> after = [.. change.All.Select((c, i) => i == change.Cell ? change.Better : c)];
            GateDecision before = Decide(change.All), now = Decide(after);
            return Rank(now.Verdict) >= Rank(before.Verdict) && now.Shortfalls.Count <= before.Shortfalls.Count;
        }).Check(Checks.Config);
    }

    [Fact]
    public void The_verdict_is_a_default_just_where_nothing_falls_short_and_depends_neither_on_order_nor_on_what_is_not_told()
        => Prop.ForAll(Figures.ToArbitrary(), all =>
        {
            GateDecision decision = Decide(all);
            bool refused = all.Any(c => c.Path == EvaluationPath.Frozen && c.Unknown.Count == 0 && !(c.Low > -0.01));
            GateDecision other = Decide([.. all.Reverse().Select(c => c.Unknown.Count == 0 ? c : c with { Low = -1, Difference = -1, ModelValid = 0 })]);
            return (decision.Verdict == Verdict.Default) == (decision.Shortfalls.Count == 0) && (decision.Verdict == Verdict.Refused) == refused
                && other.Verdict == decision.Verdict && other.Shortfalls.SequenceEqual(decision.Shortfalls);
        }).Check(Checks.Config);

    // Mostly winning figures: otherwise nearly all verdicts would be refusals.
    private static Gen<IReadOnlyList<GateComparison>> Figures =>
        from winning in Gen.Elements(0.2, 0.8, 0.97)
        from cells in Gen.CollectToArray(GateCases.Winning.Select(cell =>
            from lucky in Gen.Choose(0, 999)
            from drawn in Cell(cell)
            select lucky < 1000 * winning ? cell : drawn))
        select (IReadOnlyList<GateComparison>)cells;

    private static Gen<GateComparison> Cell(GateComparison cell) =>
        from low in Gen.Elements(Bounds)
        from difference in Gen.Elements(Bounds)
        from valid in Gen.Elements(Validities)
        select cell with { Low = low, Difference = difference, ModelValid = valid };

    private static GateComparison Best(GateComparison a, GateComparison b) => a with
    {
        Low = Larger(a.Low, b.Low),
        Difference = Larger(a.Difference, b.Difference),
        ModelValid = Math.Max(a.ModelValid, b.ModelValid),
    };

    private static double? Larger(double? a, double? b) => a is null ? b : b is null ? a : Math.Max(a.Value, b.Value);

    private static int Rank(Verdict verdict) => verdict switch { Verdict.Default => 2, Verdict.Usable => 1, _ => 0 };

    private static GateDecision Decide(IReadOnlyList<GateComparison> comparisons) => GateRule.Decide(GateCases.Protocol, comparisons);
}
