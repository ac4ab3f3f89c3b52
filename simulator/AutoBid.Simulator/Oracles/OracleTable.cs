using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Oracles;

/// <summary>The three oracles side by side, key by key (policies.md section 1). Ratios are sums over sums.</summary>
public sealed class OracleTable
{
    private readonly List<OracleRow> _rows = [];

    public IReadOnlyList<OracleRow> Rows => _rows;

    /// <summary>Adds every seat of a played period that all three watched.</summary>
    public void Add(PeriodResult result, FrozenRivals rivals, MarginalPriceOracle marginalPrice, LeastWinningCostOracle leastWinningCost)
    {
        for (int seat = 0; seat < result.Seats; seat++)
        {
            var money = result.SeatOf(seat);
            PacingMode mode = result.Setup.LineUp.Agents[seat].Mode;
            double value = result.ValueWon(seat);
            double played = mode == PacingMode.SpendFirst ? Score.Of(value, result.Cost(seat), money.TargetCpa) : value;
            _rows.Add(new OracleRow(
                result.Setup.LineUp.Id, result.Setup.Period, seat, mode, played,
                HindsightOracle.BestConstant(rivals.Of(seat), money, mode), marginalPrice.Best(seat), leastWinningCost.Best(seat)));
        }
    }

    /// <summary>Sums over the keys of one mode.</summary>
    public OracleSums Sums(PacingMode mode)
    {
        var sums = default(OracleSums);
        foreach (OracleRow row in _rows)
        {
            if (row.Mode != mode) continue;
            sums = new OracleSums(
                sums.Keys + 1, sums.Played + row.Played, sums.Hindsight + row.Hindsight.Score,
                sums.MarginalPrice + row.MarginalPrice.Score, sums.LeastWinningCost + row.LeastWinningCost.Score);
        }

        return sums;
    }
}
