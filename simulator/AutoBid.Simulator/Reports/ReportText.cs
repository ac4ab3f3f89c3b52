using System.Globalization;
using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Reports;

/// <summary>Figures of an evaluation as text, in the invariant culture; a dash where there is none.</summary>
public static class ReportText
{
    private const string None = "–";
    private const int FewestPeriods = 12;

    /// <summary>A share as percent without its sign: 87.1.</summary>
    public static string Percent(double? share) => share is { } s ? (100 * s).ToString("0.0", CultureInfo.InvariantCulture) : None;

    public static string Percent(Interval? interval) => interval is { } i ? $"[{Percent(i.Low)}, {Percent(i.High)}]" : None;

    /// <summary>A difference of shares in points: +1.23.</summary>
    public static string Points(double? difference) => difference is { } d ? (100 * d).ToString("+0.00;−0.00;0.00", CultureInfo.InvariantCulture) : None;

    public static string Points(Interval? interval) => interval is { } i ? $"[{Points(i.Low)}, {Points(i.High)}]" : None;

    public static string PValue(double? p) => p switch
    {
        null => None,
        < 0.001 => "<0.001",
        { } value => value.ToString("0.000", CultureInfo.InvariantCulture),
    };

    /// <summary>A budget factor: 75 %.</summary>
    public static string Budget(double factor) => (100 * factor).ToString("0.##", CultureInfo.InvariantCulture) + " %";

    public static string Decimals(double value, int digits = 2) => value.ToString("N" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Budget use with the keys that it is over: 98.7 (1,312).</summary>
    public static string BudgetUse(ScoreRow row) => $"{Percent(row.BudgetUse)} ({Count(row.BudgetUseKeys)})";

    /// <summary>SpendFirst, rivals frozen.</summary>
    public static string View(PacingMode mode, EvaluationPath path) => $"{mode}, {PathName(path)}";

    public static string PathName(EvaluationPath path) => path == EvaluationPath.Frozen ? "rivals frozen" : "rivals react";

    /// <summary>Days as first–last.</summary>
    public static string Days(PlanSummary plan)
        => plan.Periods == 1
            ? plan.FirstPeriod.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{plan.FirstPeriod}–{plan.FirstPeriod + plan.Periods - 1}");

    /// <summary>A warning where there are too few periods for intervals to be taken at their word; else null.</summary>
    public static string? FewPeriods(PlanSummary plan) => plan.Periods < FewestPeriods
        ? string.Create(CultureInfo.InvariantCulture, $"{plan.Periods} periods are few: intervals of fewer than {FewestPeriods} are rough.") : null;

    /// <summary>Who leads a table, in a sentence; empty where nobody does.</summary>
    public static string Headline(ScoreGroup group)
    {
        if (group.Rows.Where(row => row.Share is not null).OrderByDescending(row => row.Share).FirstOrDefault() is not { } best) return "";
        string text = $"At {Budget(group.BudgetFactor)} budget {best.Policy} has the highest score: {Percent(best.Share)} % of S*";
        if (best.ShareInterval is { } interval) text += $" {Percent(interval)}";
        if (best.Difference is { Difference: { } points } difference)
        {
            text += $", {Points(points)} points from {group.Baseline}";
            if (difference.HolmPValue is { } p) text += $" {Points(difference.Interval)}, Holm p {PValue(p)}";
        }

        return text + ".";
    }
}
