using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Scoring;

/// <summary>Scores of many keys. Shares of the oracle are sums over sums, never means of ratios (policies.md section 1).</summary>
public sealed class ScoreTable
{
    private readonly List<SeatScore> _keys = [];

    public IReadOnlyList<SeatScore> Keys => _keys;

    public double MeanExpected => _keys.Count == 0 ? 0 : _keys.Average(key => key.Expected);

    public double MeanRealised => _keys.Count == 0 ? 0 : _keys.Average(key => key.Realised);

    /// <summary>Sum of expected scores / sum of S*; NaN without oracles.</summary>
    public double ShareOfOracle => Share(_keys);

    /// <summary>Share of keys that kept their target on expected conversions.</summary>
    public double CpaValidity => _keys.Count == 0 ? double.NaN : _keys.Count(key => key.IsCpaValid) / (double)_keys.Count;

    /// <summary>Spend / budget over all keys.</summary>
    public double SpentShare => _keys.Sum(key => key.Cost) / _keys.Sum(key => key.Budget);

    /// <summary>Share of S* per period (line-up, period), in order: the replicates that paired tests use.</summary>
    public IReadOnlyList<double> ShareByPeriod()
        => [.. _keys.GroupBy(key => (key.LineUp, key.Period)).OrderBy(group => group.Key).Select(Share)];

    /// <summary>Adds every seat of a played period.</summary>
    /// <param name="curves">Its frozen-rival curves; null: no oracle.</param>
    public void Add(PeriodResult result, FrozenRivals? curves)
    {
        for (int seat = 0; seat < result.Seats; seat++) Add(result, curves, seat);
    }

    /// <summary>Adds one seat of a played period.</summary>
    public void Add(PeriodResult result, FrozenRivals? curves, int seat)
    {
        var money = result.SeatOf(seat);
        PacingMode mode = result.Setup.LineUp.Agents[seat].Mode;
        double cost = result.Cost(seat), value = result.ValueWon(seat);
        int conversions = result.Conversions(seat);
        OracleResult oracle = curves is null ? default : HindsightOracle.BestConstant(curves.Of(seat), money, mode);
        _keys.Add(new SeatScore(
            result.Setup.LineUp.Id, result.Setup.Period, seat, mode, money.Budget, money.TargetCpa, cost, value, conversions,
            Score.Of(value, cost, money.TargetCpa), Score.Of(conversions, cost, money.TargetCpa), oracle.Score, oracle.Multiplier));
    }

    private static double Share(IEnumerable<SeatScore> keys)
    {
        double scores = 0, oracles = 0;
        foreach (SeatScore key in keys)
        {
            scores += key.Expected;
            oracles += key.Oracle;
        }

        return oracles > 0 ? scores / oracles : double.NaN;
    }
}
