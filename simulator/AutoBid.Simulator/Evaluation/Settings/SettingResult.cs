using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Evaluation.Settings;

/// <summary>A finished evaluation with what a comparison with others needs of its periods.</summary>
public sealed class SettingResult
{
    private readonly Dictionary<(PacingMode, EvaluationPath, double), double[]> _oracles = [];
    private readonly Dictionary<(PacingMode, EvaluationPath, double, string), double[]> _scores = [];

    /// <param name="outcomes">All periods of every path.</param>
    public SettingResult(EvaluationSetting setting, EvaluationReport report, IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes)
    {
        Setting = setting;
        Report = report;
        foreach (ScoreGroup group in report.Groups)
        {
            IReadOnlyList<PeriodOutcome> periods = outcomes[group.Path];
            _oracles[(group.Mode, group.Path, group.BudgetFactor)] = PeriodSums.Oracle(periods, group.Mode, group.BudgetFactor);
            foreach (ScoreRow row in group.Rows)
                _scores[(group.Mode, group.Path, group.BudgetFactor, row.Policy)] = PeriodSums.Score(periods, row.Policy, group.Mode, group.BudgetFactor);
        }
    }

    public EvaluationSetting Setting { get; }

    public EvaluationReport Report { get; }

    internal (double[] Scores, double[] Oracle) SumsOf(ScoreGroup group, string policy)
        => (_scores[(group.Mode, group.Path, group.BudgetFactor, policy)], _oracles[(group.Mode, group.Path, group.BudgetFactor)]);
}
