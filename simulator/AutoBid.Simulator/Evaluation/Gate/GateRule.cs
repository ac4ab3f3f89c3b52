using AutoBid.Core.Campaigns;
using AutoBid.Policies.Models;
using AutoBid.Simulator.Reports;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>
/// Figures to verdict. Default: every paired interval on frozen rivals lies above zero, TargetFirst stays valid, and with rivals that react no mean difference
/// is negative. Usable: every interval on frozen rivals lies above one point below the reference. Refused: all else. Where candidates are told little decides nothing.
/// </summary>
public static class GateRule
{
    /// <summary>Share of S* by which a usable model may fall short of the reference.</summary>
    public const double UsableMargin = 0.01;

    /// <summary>Share of keys by which a default may be less often valid than the reference in TargetFirst.</summary>
    public const double ValidityMargin = 0.02;

    // Recorded shares are rounded to 1e-6.
    private const double Rounding = 1e-9;

    /// <param name="comparisons">All that the protocol asks for; more of them decide nothing.</param>
    /// <exception cref="ArgumentException">One that decides is missing: no verdict can be given.</exception>
    public static GateDecision Decide(GateProtocol protocol, IReadOnlyList<GateComparison> comparisons)
    {
        var shortfalls = new List<string>();
        bool isUsable = true;
        foreach (PacingMode mode in GateProtocol.Modes)
        {
            foreach (double budget in protocol.BudgetFactors)
            {
                GateComparison frozen = Find(comparisons, mode, EvaluationPath.Frozen, budget);
                if (!(frozen.Low > 0)) shortfalls.Add($"{Where(frozen)}: {ReportText.Points(frozen.Difference)} {GateText.Interval(frozen)} points of S* to {frozen.Reference}");
                if (!(frozen.Low > -UsableMargin)) isUsable = false;
                if (mode == PacingMode.TargetFirst && frozen.ModelValid < frozen.ReferenceValid - ValidityMargin - Rounding)
                    shortfalls.Add($"{Where(frozen)}: {ReportText.Percent(frozen.ModelValid)} % of keys valid, {frozen.Reference} {ReportText.Percent(frozen.ReferenceValid)} %");
            }

            foreach (double budget in protocol.FullBudgetFactors)
            {
                GateComparison full = Find(comparisons, mode, EvaluationPath.Full, budget);
                if (!(full.Difference >= 0)) shortfalls.Add($"{Where(full)}: {ReportText.Points(full.Difference)} points of S* to {full.Reference}");
            }
        }

        return new GateDecision(shortfalls.Count == 0 ? Verdict.Default : isUsable ? Verdict.Usable : Verdict.Refused, shortfalls);
    }

    private static GateComparison Find(IReadOnlyList<GateComparison> comparisons, PacingMode mode, EvaluationPath path, double budget)
    {
        GateComparison[] found = [.. comparisons.Where(c => c.Mode == mode && c.Path == path && c.BudgetFactor == budget && c.Unknown.Count == 0)];
        return found.Length == 1
            ? found[0]
            : throw new ArgumentException($"{ReportText.View(mode, path)}, {ReportText.Budget(budget)}: {found.Length} comparisons, not one", nameof(comparisons));
    }

    private static string Where(GateComparison c) => $"{c.Mode} {ReportText.Budget(c.BudgetFactor)}{(c.Path == EvaluationPath.Full ? ", rivals react" : "")}";
}
