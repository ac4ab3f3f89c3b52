using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Evaluation.Settings;

/// <summary>
/// Evaluations that differ in one or more settings, side by side. Seats, days and draws are common to all, so losses are paired by period; S* is each
/// setting's own, because a shifted market has another best constant.
/// </summary>
public sealed record SettingComparison
{
    public required SettingAxis Axis { get; init; }

    /// <summary>The evaluations, in the order given.</summary>
    public required IReadOnlyList<PlanSummary> Plans { get; init; }

    /// <summary>How baselines were chosen, a sentence.</summary>
    public required string BaselineRule { get; init; }

    /// <summary>Resamples behind every interval.</summary>
    public required int Resamples { get; init; }

    /// <summary>By mode, path, budget factor and setting.</summary>
    public required IReadOnlyList<SettingRow> Rows { get; init; }

    /// <param name="results">Two or more, of plans that are equal but for their settings.</param>
    public static SettingComparison Of(IReadOnlyList<SettingResult> results, int resamples = ClusterBootstrap.StandardResamples)
    {
        if (results.Count < 2 || results.Select(r => r.Setting).Distinct().Count() < results.Count)
            throw new ArgumentException("two or more different settings are needed", nameof(results));
        PlanSummary plan = results[0].Report.Plan;
        if (results.Any(r => !SameButForSettings(r.Report.Plan, plan))) throw new ArgumentException("the evaluations differ in more than their settings", nameof(results));
        SettingAxis axis = Varies(r => r.Shift) ? SettingAxis.Shift : Varies(r => string.Join(',', r.Knowledge.Unknown)) ? SettingAxis.Knowledge : SettingAxis.Prior;
        var bootstrap = new ClusterBootstrap(plan.Periods, plan.Seed, resamples);
        return new SettingComparison
        {
            Axis = axis,
            Plans = [.. results.Select(r => r.Report.Plan)],
            BaselineRule = results[0].Report.BaselineRule,
            Resamples = resamples,
            Rows = [.. results[0].Report.Groups.SelectMany((_, at) => results.Select(result => Row(bootstrap, result, From(results, axis, result), at)))],
        };

        bool Varies(Func<EvaluationSetting, string> part) => results.Select(r => part(r.Setting)).Distinct().Count() > 1;
    }

    private static SettingRow Row(ClusterBootstrap bootstrap, SettingResult result, SettingResult? from, int at)
    {
        ScoreGroup group = result.Report.Groups[at];
        return new SettingRow(result.Setting, group.Mode, group.Path, group.BudgetFactor, group.Baseline,
        [
            .. group.Rows.Select(row => new SettingCell(
                row.Policy,
                row.Share,
                row.ShareInterval,
                from is null ? null : PairedDifference.Of(bootstrap, from.SumsOf(group, row.Policy), result.SumsOf(group, row.Policy)),
                row.Difference,
                row.ValidExpected)),
        ]);
    }

    // Null for the setting itself and where it was not played.
    private static SettingResult? From(IReadOnlyList<SettingResult> results, SettingAxis axis, SettingResult of)
    {
        EvaluationSetting from = axis switch
        {
            SettingAxis.Shift => of.Setting with { Shift = EvaluationSetting.NoShift },
            SettingAxis.Knowledge => of.Setting with { Knowledge = Knowledge.All },
            _ => of.Setting with { Prior = results[0].Setting.Prior },
        };
        return from == of.Setting ? null : results.FirstOrDefault(result => result.Setting == from);
    }

    private static bool SameButForSettings(PlanSummary one, PlanSummary other)
        => one.Seed == other.Seed && one.FirstPeriod == other.FirstPeriod && one.Periods == other.Periods && one.LineUps.SequenceEqual(other.LineUps)
            && one.Policies.SequenceEqual(other.Policies) && one.BudgetFactors.SequenceEqual(other.BudgetFactors) && one.Modes.SequenceEqual(other.Modes)
            && one.Paths.SequenceEqual(other.Paths) && one.Preset == other.Preset && one.OpportunitiesPerPeriod == other.OpportunitiesPerPeriod;
}
