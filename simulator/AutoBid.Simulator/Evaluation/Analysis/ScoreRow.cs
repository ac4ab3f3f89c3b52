using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>One policy in one table.</summary>
/// <param name="Keys">Seats x periods.</param>
/// <param name="Expected">Mean score a key on expected conversions.</param>
/// <param name="Realised">Mean score a key on drawn conversions.</param>
/// <param name="Oracle">Mean S* a key.</param>
/// <param name="Share">Sum of expected scores / sum of S*; null where S* sums to nothing.</param>
/// <param name="ShareInterval">95 %, clustered by period; null for a single period.</param>
/// <param name="Conversions">Mean drawn conversions a key.</param>
/// <param name="Cost">Mean cost a key, account currency.</param>
/// <param name="SpentShare">Sum of cost / sum of budgets.</param>
/// <param name="ValidExpected">Share of keys that kept their target on expected conversions.</param>
/// <param name="ValidRealised">The same on drawn conversions.</param>
/// <param name="Difference">Against the table's baseline; null for the baseline itself and where there is none.</param>
/// <param name="ShareByPeriod">Share of S* of every period, in order; null where S* is nothing.</param>
/// <param name="CpaRatios">51 quantiles (0, 2, ... 100 %) of cost / (target x expected conversions) over keys that spent.</param>
public sealed record ScoreRow(
    string Policy,
    int Keys,
    double Expected,
    double Realised,
    double Oracle,
    double? Share,
    Interval? ShareInterval,
    double Conversions,
    double Cost,
    double SpentShare,
    double ValidExpected,
    double ValidRealised,
    PairedDifference? Difference,
    IReadOnlyList<double?> ShareByPeriod,
    IReadOnlyList<double> CpaRatios);
