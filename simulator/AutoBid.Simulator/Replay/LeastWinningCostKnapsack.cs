using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Replay;

/// <summary>
/// The most that anybody could have scored on one key under the replay protocol: the knapsack over (value, leastWinningCost), the last item in parts, that
/// maximises the score with its CPA penalty (auction.md, Oracle). An upper bound of every policy's expected score; exact up to the width of its cells
/// (<see cref="PriceRatios"/>), inside which it counts the cheapest price: the bound reads below 1 % high, on thousands of opportunities below 0.01 %.
/// </summary>
/// <param name="target">CPA, account currency, above 0.</param>
public sealed class LeastWinningCostKnapsack(double target)
{
    // By octave, because most keys use few: cost and value per cell, side by side.
    private readonly double[]?[] _octaves = new double[]?[PriceRatios.Octaves + 1];

    /// <summary>Adds an opportunity.</summary>
    /// <param name="value">Predicted conversion probability; 0 is never worth a price.</param>
    /// <param name="price">Account currency.</param>
    public void Add(double value, double price)
    {
        if (value > 0) AddTo(PriceRatios.CellOf(price / (target * value)), value, price);
    }

    /// <summary>The best choice within a budget.</summary>
    /// <returns>Score, cost and expected conversions; the multiplier is the price ratio up to which everything is bought.</returns>
    public OracleResult Best(double budget)
    {
        OracleResult best = default;
        double cost = 0, value = 0;
        for (int cell = 0; cell < PriceRatios.Cells; cell++)
        {
            if (_octaves[cell / PriceRatios.CellsPerOctave] is not { } sums)
            {
                cell += PriceRatios.CellsPerOctave - 1;
                continue;
            }

            int at = 2 * (cell % PriceRatios.CellsPerOctave);
            if (!(sums[at + 1] > 0)) continue;
            double ratio = PriceRatios.LowestOf(cell), price = ratio * target, whole = price * sums[at + 1], left = Math.Max(budget - cost, 0);
            // Buying more of a cell raises the score until the target is reached; past it the score first falls, then may rise again (a cell's end has
            // more value for nearly the same CPA). So its best point is the target, the cell's end, or the budget's.
            double atTarget = price > target && target * value > cost ? (target * value - cost) / (price - target) * price : double.PositiveInfinity;
            double most = Math.Min(whole, left);
            if (atTarget < most) Take(ref best, ratio, cost + atTarget, value + atTarget / price);
            Take(ref best, ratio, cost + most, value + (whole > left ? left / price : sums[at + 1]));
            cost += sums[at];
            value += sums[at + 1];
            if (cost >= budget) break;
        }

        return best;
    }

    internal void AddTo(int cell, double value, double price)
    {
        double[] sums = _octaves[cell / PriceRatios.CellsPerOctave] ??= new double[2 * PriceRatios.CellsPerOctave];
        int at = 2 * (cell % PriceRatios.CellsPerOctave);
        sums[at] += price;
        sums[at + 1] += value;
    }

    private void Take(ref OracleResult best, double ratio, double cost, double value)
    {
        double score = Score.Of(value, cost, target);
        if (score > best.Score) best = new OracleResult(ratio, score, cost, value);
    }
}
