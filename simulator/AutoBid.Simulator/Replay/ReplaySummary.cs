namespace AutoBid.Simulator.Replay;

/// <summary>One policy at one budget factor over all keys. Scores are means per key; shares are sums over sums, never means of ratios (policies.md section 1).</summary>
/// <param name="ShareOfOracle">Sum of scores / sum of S*; null where S* is 0. In TargetFirst S* is the value of the best constant that keeps the target.</param>
/// <param name="ShareOfKnapsack">Sum of expected scores / sum of the knapsack bounds; null where those are 0.</param>
/// <param name="Conversions">Realised, all keys; null where the log has no outcomes.</param>
/// <param name="Cost">All keys, account currency.</param>
/// <param name="SpentShare">Spend / budget over all keys.</param>
/// <param name="CpaValidity">Share of keys that kept their target on expected conversions.</param>
public sealed record ReplaySummary(
    string Policy, double BudgetFactor, int Keys, double Expected, double? Realised, double? ShareOfOracle, double? ShareOfKnapsack,
    double ExpectedConversions, long? Conversions, double Cost, double? Cpa, double SpentShare, double CpaValidity)
{
    /// <summary>Sums up scores of one policy and factor.</summary>
    public static ReplaySummary Of(string policy, double budgetFactor, IReadOnlyCollection<ReplayScore> keys)
    {
        double expected = keys.Sum(k => k.Expected), cost = keys.Sum(k => k.Cost), value = keys.Sum(k => k.Value), budget = keys.Sum(k => k.Budget);
        bool realised = keys.All(k => k.Realised is not null);
        return new ReplaySummary(
            policy, budgetFactor, keys.Count, expected / keys.Count, realised ? keys.Sum(k => k.Realised!.Value) / keys.Count : null,
            Share(expected, keys.Sum(k => k.Oracle)), Share(expected, keys.Sum(k => k.Knapsack)), value, realised ? keys.Sum(k => (long)k.Conversions!.Value) : null,
            cost, value > 0 ? cost / value : null, budget > 0 ? cost / budget : 0, keys.Count(k => k.IsCpaValid) / (double)keys.Count);
    }

    private static double? Share(double scores, double bounds) => bounds > 0 ? scores / bounds : null;
}
