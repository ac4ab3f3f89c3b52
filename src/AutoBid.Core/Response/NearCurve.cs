using System.Runtime.CompilerServices;

namespace AutoBid.Core.Response;

/// <summary>
/// Cost and value x reference of one opportunity of the current value regime: the recent curve where it has points and signals, blended into the
/// prior at the regime's level and prices; outside its points it goes on as the prior, scaled to join it there.
/// </summary>
internal readonly struct NearCurve
{
    /// <summary>Signals at which a recent curve counts as much as the shifted prior.</summary>
    private const double SignalsForHalfWeight = 20;

    private readonly RecentCurve _recent;
    private readonly PopulationPrior _prior;
    private readonly double _shift, _price, _unit, _belowCost, _belowValue, _aboveCost, _aboveValue;

    /// <param name="shift">Log bid per value at which the prior is read for multiplier 1.</param>
    /// <param name="price">Prices relative to the prior's.</param>
    /// <param name="unit">Value level relative to the prior's x reference.</param>
    public NearCurve(RecentCurve recent, PopulationPrior prior, double shift, double price, double unit)
    {
        (_recent, _prior, _shift, _price, _unit) = (recent, prior, shift, price, unit);
        Weight = recent.IsKnown ? recent.Signals / (recent.Signals + SignalsForHalfWeight) : 0;
        if (!(Weight > 0)) return;
        (_belowCost, _belowValue) = Join(recent.LogFirst, recent.FirstCost, recent.FirstValue);
        (_aboveCost, _aboveValue) = Join(recent.LogLast, recent.LastCost, recent.LastValue);
    }

    /// <summary>Share of the recent curve, 0 where there is none.</summary>
    public double Weight { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void At(double log, out double cost, out double value)
    {
        _prior.AtLog(_shift + log, out cost, out value);
        cost *= _price;
        value *= _unit;
        if (!(Weight > 0)) return;
        double recentCost, recentValue;
        if (log < _recent.LogFirst) (recentCost, recentValue) = (_belowCost * cost, _belowValue * value);
        else if (log > _recent.LogLast) (recentCost, recentValue) = (_aboveCost * cost, _aboveValue * value);
        else _recent.At(log, out recentCost, out recentValue);
        cost += Weight * (recentCost - cost);
        value += Weight * (recentValue - value);
    }

    private (double Cost, double Value) Join(double log, double cost, double value)
    {
        _prior.AtLog(_shift + log, out double priorCost, out double priorValue);
        priorValue *= _unit;
        return (priorCost > 0 ? cost / (_price * priorCost) : 0, priorValue > 0 ? value / priorValue : 0);
    }
}
