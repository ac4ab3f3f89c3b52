using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Simulator.Evaluation.Statistics;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>Turns played periods into tables. Shares of S* are sums over sums; periods are the replicates (policies.md section 1).</summary>
public sealed class EvaluationAnalysis
{
    private const int CpaQuantiles = 51;

    private readonly EvaluationMarket _market;
    private readonly IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> _outcomes;
    private readonly ClusterBootstrap _bootstrap;
    private readonly string? _baseline;

    private EvaluationAnalysis(
        EvaluationMarket market, IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes, string? baseline, int resamples)
    {
        _market = market;
        _outcomes = outcomes;
        _baseline = baseline;
        _bootstrap = new ClusterBootstrap(market.Plan.Periods, market.Plan.Seed, resamples);
    }

    private EvaluationPlan Plan => _market.Plan;

    /// <param name="outcomes">All periods of every path of the plan.</param>
    /// <param name="baseline">Name of a policy of the plan; null: in every table the simple policy with the highest share of S*.</param>
    public static EvaluationReport Of(
        EvaluationMarket market,
        IReadOnlyDictionary<EvaluationPath, IReadOnlyList<PeriodOutcome>> outcomes,
        string? baseline = null,
        int resamples = ClusterBootstrap.StandardResamples)
    {
        if (baseline is not null && market.Plan.Policies.All(p => p.Name != baseline)) throw new ArgumentException($"baseline '{baseline}' is none of the policies");
        return new EvaluationAnalysis(market, outcomes, baseline, resamples).Report();
    }

    private EvaluationReport Report()
    {
        IReadOnlyList<PeriodOutcome> any = _outcomes[_outcomes.Keys.Min()];
        return new EvaluationReport
        {
            Plan = PlanSummary.Of(Plan, _market.Identity),
            BaselineRule = BaselineRule(),
            Resamples = _bootstrap.Resamples,
            Groups = [.. Cells().Select(cell => Group(cell.Mode, cell.Path, cell.Budget))],
            Days = [.. Cells().SelectMany(cell => Plan.Policies.Select(policy => Day(policy.Name, cell.Mode, cell.Path, cell.Budget)))],
            Responses = [.. Plan.Modes.SelectMany(mode => Plan.BudgetFactors.Select(budget => Response(any, mode, budget)))],
            ResponseMultipliers = PeriodOutcome.ResponseMultipliers,
            Gaps = [.. Gaps()],
            Volume = VolumeOf(any),
        };
    }

    private IEnumerable<(PacingMode Mode, EvaluationPath Path, double Budget)> Cells()
        => Plan.Modes.SelectMany(mode => _outcomes.Keys.Order().SelectMany(path => Plan.BudgetFactors.Select(budget => (mode, path, budget))));

    private string BaselineRule()
    {
        if (Plan.Policies.Count == 1) return "Only one policy: nothing to compare it with.";
        if (_baseline is not null) return $"Differences are to {_baseline}, in points of S*, on the same keys.";
        return Plan.Policies.Any(p => p.IsSimple)
            ? "Differences are to the best policy without a model in each table, chosen on that table's own share of S*, in points of S*, on the same keys."
            : "No policy without a model and no --baseline: nothing to compare with.";
    }

    private ScoreGroup Group(PacingMode mode, EvaluationPath path, double budget)
    {
        IReadOnlyList<PeriodOutcome> periods = _outcomes[path];
        double[] oracle = OracleSums(periods, mode, budget);
        ScoreRow[] rows = [.. Plan.Policies.Select(policy => Row(periods, policy.Name, mode, budget, oracle))];
        string? baseline = Plan.Policies.Count == 1 ? null : _baseline ?? Plan.Policies.Zip(rows)
            .Where(pair => pair.First.IsSimple && pair.Second.Share is not null)
            .OrderByDescending(pair => pair.Second.Share)
            .Select(pair => pair.First.Name)
            .FirstOrDefault();
        if (baseline is null) return new ScoreGroup(mode, path, budget, null, rows);
        double[] other = ScoreSums(periods, baseline, mode, budget);
        IReadOnlyList<PairedDifference?> differences = PairedDifference.Adjusted(
        [
            .. rows.Select(row => row.Policy == baseline ? null : PairedDifference.Of(_bootstrap, ScoreSums(periods, row.Policy, mode, budget), other, oracle)),
        ]);
        return new ScoreGroup(mode, path, budget, baseline, [.. rows.Zip(differences, (row, difference) => row with { Difference = difference })]);
    }

    private ScoreRow Row(IReadOnlyList<PeriodOutcome> periods, string policy, PacingMode mode, double budget, double[] oracle)
    {
        double[] scores = ScoreSums(periods, policy, mode, budget);
        double expected = 0, realised = 0, cost = 0, budgets = 0, conversions = 0;
        int keys = 0, validExpected = 0, validRealised = 0;
        var ratios = new List<double>();
        foreach (PeriodOutcome period in periods)
        {
            PolicyOutcome outcome = period.OutcomeOf(policy, mode, budget);
            OracleOutcome money = period.OracleOf(mode, budget);
            for (int seat = 0; seat < outcome.Cost.Length; seat++)
            {
                keys++;
                expected += outcome.Expected[seat];
                realised += outcome.Realised[seat];
                cost += outcome.Cost[seat];
                budgets += money.Budget[seat];
                conversions += outcome.Conversions[seat];
                if (Score.KeepsTarget(outcome.Value[seat], outcome.Cost[seat], money.Target[seat])) validExpected++;
                if (Score.KeepsTarget(outcome.Conversions[seat], outcome.Cost[seat], money.Target[seat])) validRealised++;
                if (outcome.Cost[seat] > 0 && outcome.Value[seat] > 0) ratios.Add(outcome.Cost[seat] / (money.Target[seat] * outcome.Value[seat]));
            }
        }

        ratios.Sort();
        return new ScoreRow(
            policy,
            keys,
            expected / keys,
            realised / keys,
            oracle.Sum() / keys,
            ClusterBootstrap.Ratio(scores, oracle),
            _bootstrap.IntervalOf(scores, oracle),
            conversions / keys,
            cost / keys,
            cost / budgets,
            validExpected / (double)keys,
            validRealised / (double)keys,
            Difference: null,
            [.. scores.Zip(oracle, (score, best) => best > 0 ? score / best : (double?)null)],
            ratios.Count == 0 ? [] : [.. Enumerable.Range(0, CpaQuantiles).Select(i => Math.Round(Quantiles.Of(ratios, i / (CpaQuantiles - 1.0)), 6))]);
    }

    private PolicyDay Day(string policy, PacingMode mode, EvaluationPath path, double budget)
    {
        PolicyOutcome[] days = [.. _outcomes[path].Select(period => period.OutcomeOf(policy, mode, budget))];
        return new PolicyDay(
            policy, mode, path, budget, Mean(days, d => d.SpendShare), Mean(days, d => d.ValueShare), Mean(days, d => d.MultiplierP10), Mean(days, d => d.MultiplierP50),
            Mean(days, d => d.MultiplierP90));
    }

    private static MeanResponse Response(IReadOnlyList<PeriodOutcome> periods, PacingMode mode, double budget)
    {
        OracleOutcome[] oracles = [.. periods.Select(period => period.OracleOf(mode, budget))];
        return new MeanResponse(mode, budget, Mean(oracles, o => o.ResponseCost), Mean(oracles, o => o.ResponseValue));
    }

    private IEnumerable<ReactionGap> Gaps()
    {
        if (!_outcomes.TryGetValue(EvaluationPath.Frozen, out var frozen) || !_outcomes.TryGetValue(EvaluationPath.Full, out var full)) yield break;
        foreach (PacingMode mode in Plan.Modes)
        {
            foreach (double budget in Plan.BudgetFactors)
            {
                double[] oracle = OracleSums(frozen, mode, budget);
                foreach (EvaluatedPolicy policy in Plan.Policies)
                {
                    yield return new ReactionGap(policy.Name, mode, budget, PairedDifference.Of(
                        _bootstrap, ScoreSums(full, policy.Name, mode, budget), ScoreSums(frozen, policy.Name, mode, budget), oracle));
                }
            }
        }
    }

    private static double[] OracleSums(IReadOnlyList<PeriodOutcome> periods, PacingMode mode, double budget)
        => [.. periods.Select(period => period.OracleOf(mode, budget).Score.Sum())];

    private static double[] ScoreSums(IReadOnlyList<PeriodOutcome> periods, string policy, PacingMode mode, double budget)
        => [.. periods.Select(period => period.OutcomeOf(policy, mode, budget).Expected.Sum())];

    private static double[] VolumeOf(IReadOnlyList<PeriodOutcome> periods)
    {
        var shares = new double[StepClock.StepsPerDay];
        foreach (PeriodOutcome period in periods)
        {
            double all = period.Opportunities.Sum(), soFar = 0;
            for (int step = 0; step < shares.Length; step++)
            {
                soFar += period.Opportunities[step];
                shares[step] += soFar / all / periods.Count;
            }
        }

        return Array.ConvertAll(shares, share => Math.Round(share, 6));
    }

    private static double[] Mean<T>(IReadOnlyList<T> items, Func<T, double[]> column)
    {
        var mean = new double[column(items[0]).Length];
        foreach (T item in items)
        {
            double[] values = column(item);
            for (int i = 0; i < mean.Length; i++) mean[i] += values[i] / items.Count;
        }

        return Array.ConvertAll(mean, value => Math.Round(value, 6));
    }
}
