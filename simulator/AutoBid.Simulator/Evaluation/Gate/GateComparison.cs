using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Analysis;

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
/// <param name="ModelValid">The same at most <see cref="KeyTally.Tolerance"/> targets.</param>
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
    internal static GateComparison Of(ScoreGroup group, string model, PlanSummary plan)
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
            Math.Round(own.ValidTolerant, 6),
            Math.Round(reference.ValidTolerant, 6),
            plan.Periods,
            own.Keys);
    }

    internal static double? Rounded(double? share) => share is { } s ? Math.Round(s, 6) : null;
}
