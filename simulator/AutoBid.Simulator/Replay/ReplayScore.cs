namespace AutoBid.Simulator.Replay;

/// <summary>What one policy made of one key at one budget factor.</summary>
/// <param name="Period">Number of the period, or the day.</param>
/// <param name="Advertiser">What the log calls the advertiser.</param>
/// <param name="Budget">The key's own budget x factor, account currency.</param>
/// <param name="Target">CPA, account currency.</param>
/// <param name="Cost">Account currency.</param>
/// <param name="Value">Expected conversions.</param>
/// <param name="Conversions">Realised conversions; null where the log has no outcomes.</param>
/// <param name="Expected">Score on expected conversions.</param>
/// <param name="Realised">Score on realised conversions.</param>
/// <param name="Oracle">S*: the best constant multiplier in hindsight under the same protocol.</param>
/// <param name="OracleMultiplier">That multiplier.</param>
/// <param name="Knapsack">The leastWinningCost knapsack: no policy can score more, expected.</param>
public sealed record ReplayScore(
    string Policy,
    double BudgetFactor,
    int Period,
    string Advertiser,
    double Budget,
    double Target,
    int Wins,
    double Cost,
    double Value,
    int? Conversions,
    double Expected,
    double? Realised,
    double Oracle,
    double OracleMultiplier,
    double Knapsack)
{
    /// <summary>Whether the target was kept on expected conversions.</summary>
    public bool IsCpaValid => Cost <= Target * Value * (1 + 1e-9);
}
