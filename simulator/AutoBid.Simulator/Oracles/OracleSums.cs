namespace AutoBid.Simulator.Oracles;

/// <summary>Sums of scores (SpendFirst) or values (TargetFirst) over keys, in expected conversions.</summary>
public readonly record struct OracleSums(int Keys, double Played, double Hindsight, double MarginalPrice, double LeastWinningCost)
{
    /// <summary>How far the bound lies above S*: 1.04 means 4 %. NaN without S*.</summary>
    public double MarginalPriceShare => Hindsight > 0 ? MarginalPrice / Hindsight : double.NaN;

    /// <summary>The same for the knapsack that only replay can reach.</summary>
    public double LeastWinningCostShare => Hindsight > 0 ? LeastWinningCost / Hindsight : double.NaN;

    public double PlayedShare => Hindsight > 0 ? Played / Hindsight : double.NaN;
}
