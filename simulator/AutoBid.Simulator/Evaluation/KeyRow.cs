using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation;

/// <summary>One key: one policy on one seat of one period at one budget factor and mode.</summary>
/// <param name="Cost">Account currency.</param>
/// <param name="Value">Expected conversions.</param>
/// <param name="Expected">Score on expected conversions; it decides.</param>
/// <param name="Realised">Score on drawn conversions; it is reported.</param>
/// <param name="Oracle">S*.</param>
public readonly record struct KeyRow(
    string LineUp,
    int Period,
    int Seat,
    string Policy,
    double BudgetFactor,
    PacingMode Mode,
    EvaluationPath Path,
    double Cost,
    double Value,
    int Conversions,
    double Expected,
    double Realised,
    double Oracle,
    double OracleMultiplier,
    double Budget,
    double Target);
