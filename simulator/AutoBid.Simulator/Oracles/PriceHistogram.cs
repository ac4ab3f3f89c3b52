using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Oracles;

/// <summary>
/// Fractional knapsack items by price per unit of value: cost and value sums of 4,096 bins, 128 an octave, over 2^-16 to 2^16 of the seat's target.
/// Bins are 0.5 to 0.8 % wide. A bin counts as one item at its mean price, so that the best lies at most a fraction of a bin's width below that of
/// sorted items. Cheaper and dearer items fall into the first and the last bin.
/// </summary>
internal sealed class PriceHistogram
{
    private const int Bins = 32 * 128;
    private const int Shift = 23 - 7;
    private static readonly int FirstBits = BitConverter.SingleToInt32Bits(1f / 65536);

    // Cost and value side by side: an item touches one line of the cache.
    private readonly double[] _sums = new double[2 * Bins];

    public void Clear() => Array.Clear(_sums);

    /// <param name="price">Price per unit of value / the seat's target; at least 0; not NaN.</param>
    public void Add(float price, double cost, double value)
    {
        int bin = 2 * Math.Clamp((BitConverter.SingleToInt32Bits(price) - FirstBits) >> Shift, 0, Bins - 1);
        _sums[bin] += cost;
        _sums[bin + 1] += value;
    }

    /// <summary>
    /// The best purchase under the budget, cheapest items first. For every value, that order has the lowest cost, and the score falls with cost: only
    /// how far to go is open. The score rises until the target is reached; beyond, inside a bin it has no maximum but at the bin's ends. So the best
    /// is at the end of a bin, where the target is reached, or where the budget ends.
    /// </summary>
    public OracleBound Best(Seat seat, PacingMode mode)
    {
        double cost = 0, value = 0;
        OracleBound best = default;
        for (int bin = 0; bin < Bins; bin++)
        {
            double itemCost = _sums[2 * bin], itemValue = _sums[2 * bin + 1];
            if (!(itemValue > 0)) continue;
            double share = itemCost > seat.Budget - cost ? (seat.Budget - cost) / itemCost : 1;
            double slack = seat.TargetCpa * value - cost, loss = itemCost - seat.TargetCpa * itemValue;
            bool reaches = slack >= 0 && loss > 0 && slack <= share * loss;
            if (reaches) Consider(slack / loss);
            // Dearer items can only leave the target further behind.
            if (reaches && mode == PacingMode.TargetFirst) return best;
            Consider(share);
            if (share < 1) return best;
            cost += itemCost;
            value += itemValue;

            void Consider(double part)
            {
                double c = cost + part * itemCost, v = value + part * itemValue;
                double score = mode == PacingMode.SpendFirst ? Score.Of(v, c, seat.TargetCpa) : v;
                if (score > best.Score) best = new OracleBound(score, c, v, itemCost / itemValue);
            }
        }

        return best;
    }
}
