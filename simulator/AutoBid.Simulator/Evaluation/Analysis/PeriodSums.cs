using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>Sums over the seats of each period, in the periods' order: the clusters of every statistic.</summary>
internal static class PeriodSums
{
    /// <summary>S*.</summary>
    public static double[] Oracle(IReadOnlyList<PeriodOutcome> periods, PacingMode mode, double budget)
        => [.. periods.Select(period => period.OracleOf(mode, budget).Score.Sum())];

    /// <summary>Expected conversions of the best constant in hindsight.</summary>
    public static double[] OracleValue(IReadOnlyList<PeriodOutcome> periods, PacingMode mode, double budget)
        => [.. periods.Select(period => period.OracleOf(mode, budget).Value.Sum())];

    /// <summary>Scores on expected conversions.</summary>
    public static double[] Score(IReadOnlyList<PeriodOutcome> periods, string policy, PacingMode mode, double budget)
        => [.. periods.Select(period => period.OutcomeOf(policy, mode, budget).Expected.Sum())];

    /// <summary>Expected conversions.</summary>
    public static double[] Value(IReadOnlyList<PeriodOutcome> periods, string policy, PacingMode mode, double budget)
        => [.. periods.Select(period => period.OutcomeOf(policy, mode, budget).Value.Sum())];
}
