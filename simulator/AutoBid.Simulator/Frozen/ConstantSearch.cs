using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Frozen;

/// <summary>Keeps the best of the constants shown to it; one rule for S* live and in replay.</summary>
/// <param name="mode">
/// SpendFirst: the highest score. TargetFirst: the highest value with CPA at most the target; where no multiplier has that, the lowest CPA.
/// </param>
internal struct ConstantSearch(double target, PacingMode mode)
{
    private double _rank = double.NegativeInfinity;

    /// <summary>The best so far; ties go to the one shown first.</summary>
    public OracleResult Best { get; private set; }

    public void Consider(double multiplier, double cost, double value)
    {
        double score = Score.Of(value, cost, target);
        // Multipliers that miss the target rank below all that keep it, by their CPA.
        double rank = mode == PacingMode.SpendFirst ? score
            : cost <= target * value ? value
            : -cost / Math.Max(value, 1e-12);
        // Written so that a rank that is not a number never becomes the best.
        if (!(rank > _rank)) return;
        _rank = rank;
        Best = new OracleResult(multiplier, mode == PacingMode.SpendFirst ? score : value, cost, value);
    }
}
