namespace AutoBid.Simulator.Replay;

/// <summary>A replayed log.</summary>
/// <param name="Rows">Rows read.</param>
/// <param name="Keys">Keys (period and advertiser) replayed.</param>
/// <param name="Scores">By policy, budget factor, period and advertiser, in this order.</param>
public sealed record ReplayResult(long Rows, int Keys, IReadOnlyList<ReplayScore> Scores)
{
    /// <summary>One line per policy and budget factor, in the order of the options.</summary>
    public IReadOnlyList<ReplaySummary> Summaries()
        => [.. Scores.GroupBy(score => (score.Policy, score.BudgetFactor)).Select(group => ReplaySummary.Of(group.Key.Policy, group.Key.BudgetFactor, [.. group]))];
}
