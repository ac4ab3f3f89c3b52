using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Scoring;

/// <summary>The result of one key: one advertiser on one period.</summary>
/// <param name="Cost">Account currency.</param>
/// <param name="Value">Expected conversions.</param>
/// <param name="Expected">Score on expected conversions; it decides.</param>
/// <param name="Realised">Score on drawn conversions; it is reported. Its standard deviation is about 6 conversions a key.</param>
/// <param name="Oracle">S*: the best constant multiplier in hindsight against frozen rivals; 0 where it was not computed.</param>
/// <param name="OracleMultiplier">That multiplier.</param>
public readonly record struct SeatScore(
    int LineUp,
    int Period,
    int Seat,
    PacingMode Mode,
    double Budget,
    double Target,
    double Cost,
    double Value,
    int Conversions,
    double Expected,
    double Realised,
    double Oracle,
    double OracleMultiplier)
{
    /// <summary>Whether the target was kept on expected conversions.</summary>
    public bool IsCpaValid => Score.KeepsTarget(Value, Cost, Target);

    public double SpentShare => Budget > 0 ? Cost / Budget : 0;
}
