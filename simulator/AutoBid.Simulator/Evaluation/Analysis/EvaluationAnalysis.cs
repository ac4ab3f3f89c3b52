using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>Turns played periods into tables. Shares of S* are sums over sums; periods are the replicates (policies.md section 1).</summary>
public sealed class EvaluationAnalysis
{
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
        double[] oracle = PeriodSums.Oracle(periods, mode, budget), oracleValue = PeriodSums.OracleValue(periods, mode, budget);
        ScoreRow[] rows = [.. Plan.Policies.Select(policy => Row(periods, policy.Name, mode, budget, oracle, oracleValue))];
        string? baseline = Plan.Policies.Count == 1 ? null : _baseline ?? Plan.Policies.Zip(rows)
            .Where(pair => pair.First.IsSimple && pair.Second.Share is not null)
            .OrderByDescending(pair => pair.Second.Share)
            .Select(pair => pair.First.Name)
            .FirstOrDefault();
        if (baseline is null) return new ScoreGroup(mode, path, budget, null, rows);
        IReadOnlyList<PairedDifference?> scores = Against(baseline, policy => PeriodSums.Score(periods, policy, mode, budget), oracle);
        IReadOnlyList<PairedDifference?> values = Against(baseline, policy => PeriodSums.Value(periods, policy, mode, budget), oracleValue);
        return new ScoreGroup(mode, path, budget, baseline, [.. rows.Select((row, i) => row with { Difference = scores[i], ValueDifference = values[i] })]);
    }

    /// <summary>Differences of all policies to the baseline, in the plan's order; null for the baseline itself.</summary>
    private IReadOnlyList<PairedDifference?> Against(string baseline, Func<string, double[]> sums, double[] oracle)
    {
        double[] other = sums(baseline);
        return PairedDifference.Adjusted([.. Plan.Policies.Select(policy => policy.Name == baseline ? null : PairedDifference.Of(_bootstrap, sums(policy.Name), other, oracle))]);
    }

    private ScoreRow Row(IReadOnlyList<PeriodOutcome> periods, string policy, PacingMode mode, double budget, double[] oracle, double[] oracleValue)
    {
        double[] scores = PeriodSums.Score(periods, policy, mode, budget), values = PeriodSums.Value(periods, policy, mode, budget);
        var tally = new KeyTally(periods, policy, mode, budget);
        double keys = tally.Keys;
        return new ScoreRow
        {
            Policy = policy,
            Keys = tally.Keys,
            Expected = tally.Expected / keys,
            Realised = tally.Realised / keys,
            Oracle = oracle.Sum() / keys,
            Share = ClusterBootstrap.Ratio(scores, oracle),
            ShareInterval = _bootstrap.IntervalOf(scores, oracle),
            ValueShare = ClusterBootstrap.Ratio(values, oracleValue),
            ValueShareInterval = _bootstrap.IntervalOf(values, oracleValue),
            Conversions = tally.Conversions / keys,
            Cost = tally.Cost / keys,
            SpentShare = tally.Cost / tally.Budget,
            BudgetUse = tally.BudgetUse,
            BudgetUseKeys = tally.SpendableKeys,
            ValidExpected = tally.KeptExpected / keys,
            ValidTolerant = tally.KeptTolerant / keys,
            ValidRealised = tally.KeptRealised / keys,
            ShareByPeriod = [.. scores.Zip(oracle, (score, best) => best > 0 ? score / best : (double?)null)],
            CpaRatios = tally.CpaRatios,
        };
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
                double[] oracle = PeriodSums.Oracle(frozen, mode, budget);
                foreach (EvaluatedPolicy policy in Plan.Policies)
                {
                    yield return new ReactionGap(policy.Name, mode, budget, PairedDifference.Of(
                        _bootstrap, PeriodSums.Score(full, policy.Name, mode, budget), PeriodSums.Score(frozen, policy.Name, mode, budget), oracle));
                }
            }
        }
    }

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
