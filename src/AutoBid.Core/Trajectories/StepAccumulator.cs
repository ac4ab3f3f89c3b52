using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AutoBid.Core.Money;
using AutoBid.Core.Response;

namespace AutoBid.Core.Trajectories;

/// <summary>
/// Sums of the running step, all int64: addition commutes, so the order of events inside an open step changes nothing.
/// Reference-free, so that a million of them are one array.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct StepAccumulator
{
    public long Impressions;
    public long Bids;
    public long SumValueE9;
    public long SumBidNanos;

    /// <summary>Sum of predicted value over the opportunities that were bid on, x 1e9: the denominator of the executed multiplier.</summary>
    public long SumBidValueE9;

    public long Signals;
    public long SumMinimumToWinNanos;
    public long Wins;
    public long Exposures;
    public long CostNanos;
    public long Conversions;
    public long ConversionValueMicros;
    public long ValueWonE9;
    public long LateCostNanos;
    public long LateConversions;

    private CurveSums _costNanos;
    private CurveSums _valueE9;

    /// <summary>
    /// One market signal: an opportunity of predicted value <paramref name="valueE9"/> / 1e9 that costs <paramref name="minimumToWinNanos"/> to win.
    /// It counts for every grid multiplier whose bid would have won it.
    /// </summary>
    public void AddSignal(long valueE9, long minimumToWinNanos, double reference)
    {
        Signals++;
        SumMinimumToWinNanos = Nanos.AddSaturating(SumMinimumToWinNanos, minimumToWinNanos);
        if (valueE9 <= 0) return;
        int first = ResponseGrid.FirstAtLeast(minimumToWinNanos / (reference * valueE9));
        if (first >= ResponseGrid.Points) return;
        // Kept as differences: a prefix sum at the end of the step gives the curve.
        _costNanos[first] = Nanos.AddSaturating(_costNanos[first], minimumToWinNanos);
        _valueE9[first] = Nanos.AddSaturating(_valueE9[first], valueE9);
    }

    /// <summary>Writes the step's curve: cost / budget and value x reference / budget at the grid multipliers.</summary>
    public readonly void WriteCurve(double budget, double reference, Span<float> cost, Span<float> value)
    {
        double costSum = 0, valueSum = 0;
        for (int i = 0; i < ResponseGrid.Points; i++)
        {
            costSum += _costNanos[i];
            valueSum += _valueE9[i];
            cost[i] = (float)(costSum / Nanos.PerUnit / budget);
            value[i] = (float)(valueSum / 1e9 * reference / budget);
        }
    }

    /// <summary>The row of this step.</summary>
    /// <param name="reference">Account currency per unit of value.</param>
    /// <param name="published">The multiplier that was published, for steps without a bid.</param>
    /// <param name="elapsed">1 when the step closes, else its elapsed share.</param>
    public readonly StepRow ToRow(double reference, double published, double elapsed, bool partial) => new()
    {
        Impressions = Impressions,
        SumValue = (float)(SumValueE9 / 1e9),
        SumBid = (float)Nanos.ToDouble(SumBidNanos),
        Multiplier = (float)(SumBidValueE9 > 0 ? SumBidNanos / (reference * SumBidValueE9) : published),
        MeanLeastWinningCost = Signals > 0 ? (float)(Nanos.ToDouble(SumMinimumToWinNanos) / Signals) : 0,
        Signals = Signals,
        Wins = Wins,
        Exposures = Exposures,
        Cost = (float)Nanos.ToDouble(CostNanos),
        Conversions = Conversions,
        ConversionValue = (float)(ConversionValueMicros / 1e6),
        ValueWon = (float)(ValueWonE9 / 1e9),
        LateCost = (float)Nanos.ToDouble(LateCostNanos),
        LateConversions = LateConversions,
        Elapsed = (float)elapsed,
        Partial = partial ? 1 : 0,
    };

    [InlineArray(ResponseGrid.Points)]
    private struct CurveSums
    {
        private long _first;
    }
}
