using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>
/// Model against reference at one mode, path, knowledge and budget factor, on the same keys. Shares and differences of shares of S*, rounded to 1e-6:
/// the verdict is a function of the figures as they are recorded.
/// </summary>
/// <param name="Unknown">What both are not told; empty: they are told everything.</param>
/// <param name="Difference">Model's share of S* minus the reference's; null where S* sums to nothing.</param>
/// <param name="Low">Lower end of its 95 % interval, clustered by day; null for a single day.</param>
/// <param name="High">Upper end.</param>
/// <param name="ModelKept">Model's share of keys with expected CPA at most the target.</param>
/// <param name="ModelValid">The same at most <see cref="GateProtocol.ValidCpa"/> targets.</param>
/// <param name="Keys">Seats x periods.</param>
public sealed record GateComparison(
    PacingMode Mode,
    EvaluationPath Path,
    IReadOnlyList<string> Unknown,
    double BudgetFactor,
    string Reference,
    double? ModelShare,
    double? ReferenceShare,
    double? Difference,
    double? Low,
    double? High,
    double ModelKept,
    double ReferenceKept,
    double ModelValid,
    double ReferenceValid,
    int Periods,
    int Keys)
{
    /// <param name="group">Table whose baseline is the reference.</param>
    /// <param name="periods">The days behind the table.</param>
    internal static GateComparison Of(ScoreGroup group, string model, PlanSummary plan, IReadOnlyList<PeriodOutcome> periods)
    {
        ScoreRow own = group.Rows.First(row => row.Policy == model), reference = group.Rows.First(row => row.Policy == group.Baseline);
        return new GateComparison(
            group.Mode,
            group.Path,
            plan.Unknown,
            group.BudgetFactor,
            reference.Policy,
            Rounded(own.Share),
            Rounded(reference.Share),
            Rounded(own.Difference?.Difference),
            Rounded(own.Difference?.Interval?.Low),
            Rounded(own.Difference?.Interval?.High),
            Math.Round(own.ValidExpected, 6),
            Math.Round(reference.ValidExpected, 6),
            Valid(model),
            Valid(reference.Policy),
            plan.Periods,
            own.Keys);

        double Valid(string policy) => Math.Round(periods.Sum(period => ValidKeys(period, policy, group)) / (double)own.Keys, 6);
    }

    internal static double? Rounded(double? share) => share is { } s ? Math.Round(s, 6) : null;

    private static int ValidKeys(PeriodOutcome period, string policy, ScoreGroup group)
    {
        PolicyOutcome outcome = period.OutcomeOf(policy, group.Mode, group.BudgetFactor);
        double[] targets = period.OracleOf(group.Mode, group.BudgetFactor).Target;
        return Enumerable.Range(0, targets.Length).Count(seat => Score.KeepsTarget(outcome.Value[seat], outcome.Cost[seat], GateProtocol.ValidCpa * targets[seat]));
    }
}
