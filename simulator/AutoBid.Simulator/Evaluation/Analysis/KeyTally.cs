using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Statistics;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>One policy's keys at one mode and budget, summed and counted.</summary>
internal sealed class KeyTally
{
    /// <summary>A key can use up its budget where the oracle spends this share of it within the target.</summary>
    public const double OracleSpends = 0.985;

    /// <summary>The looser target, in multiples of the target: what min-pacing is known by (policies.md section 1).</summary>
    public const double Tolerance = 1.1;

    private const int CpaQuantiles = 51;

    private readonly List<double> _ratios = [];
    private double _spendableCost;
    private double _spendableBudget;

    public KeyTally(IReadOnlyList<PeriodOutcome> periods, string policy, PacingMode mode, double budget)
    {
        foreach (PeriodOutcome period in periods)
        {
            PolicyOutcome outcome = period.OutcomeOf(policy, mode, budget);
            OracleOutcome oracle = period.OracleOf(mode, budget);
            for (int seat = 0; seat < outcome.Cost.Length; seat++) Add(outcome, oracle, seat);
        }

        _ratios.Sort();
    }

    public int Keys { get; private set; }

    public double Expected { get; private set; }

    public double Realised { get; private set; }

    public double Conversions { get; private set; }

    public double Cost { get; private set; }

    public double Budget { get; private set; }

    public int KeptExpected { get; private set; }

    public int KeptTolerant { get; private set; }

    public int KeptRealised { get; private set; }

    /// <summary>Keys on which the oracle spends its budget within the target.</summary>
    public int SpendableKeys { get; private set; }

    /// <summary>Sum of cost / sum of budgets on those keys; null where there are none.</summary>
    public double? BudgetUse => SpendableKeys > 0 ? _spendableCost / _spendableBudget : null;

    /// <summary>Quantiles of cost / (target x expected conversions) over keys that spent.</summary>
    public IReadOnlyList<double> CpaRatios
        => _ratios.Count == 0 ? [] : [.. Enumerable.Range(0, CpaQuantiles).Select(i => Math.Round(Quantiles.Of(_ratios, i / (CpaQuantiles - 1.0)), 6))];

    private void Add(PolicyOutcome outcome, OracleOutcome oracle, int seat)
    {
        double cost = outcome.Cost[seat], value = outcome.Value[seat], target = oracle.Target[seat];
        Keys++;
        Expected += outcome.Expected[seat];
        Realised += outcome.Realised[seat];
        Conversions += outcome.Conversions[seat];
        Cost += cost;
        Budget += oracle.Budget[seat];
        if (Score.KeepsTarget(value, cost, target)) KeptExpected++;
        if (Score.KeepsTarget(value, cost, Tolerance * target)) KeptTolerant++;
        if (Score.KeepsTarget(outcome.Conversions[seat], cost, target)) KeptRealised++;
        if (cost > 0 && value > 0) _ratios.Add(cost / (target * value));
        if (oracle.Cost[seat] < OracleSpends * oracle.Budget[seat] || !Score.KeepsTarget(oracle.Value[seat], oracle.Cost[seat], target)) return;
        SpendableKeys++;
        _spendableCost += cost;
        _spendableBudget += oracle.Budget[seat];
    }
}
