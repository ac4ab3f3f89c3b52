using AutoBid.Core.Response;
using AutoBid.Simulator.Curves;

namespace AutoBid.Simulator.Replay;

/// <summary>
/// What any multiplier would have cost and brought one key in one step (win at or above the least winning cost, pay it, exposure certain): the response
/// curve that policies learn from and the 160 points of S*. Wins are decided by the same product as bids are. One per thread.
/// </summary>
internal sealed class StepMarket
{
    private static readonly byte[] FirstGrid = PriceRatios.FirstOf(ResponseGrid.Multipliers);
    private static readonly byte[] FirstPoint = PriceRatios.FirstOf(DayForecast.Multipliers);

    private readonly double[] _gridBids = new double[ResponseGrid.Points];
    private readonly double[] _pointBids = new double[DayForecast.Points];

    // One entry more for what no multiplier reaches.
    private readonly double[] _cost = new double[DayForecast.Points + 1];
    private readonly double[] _value = new double[DayForecast.Points + 1];
    private readonly double[] _gridCost = new double[ResponseGrid.Points + 1];
    private readonly double[] _gridValue = new double[ResponseGrid.Points + 1];

    /// <summary>Cost at each of <see cref="DayForecast.Multipliers"/>, account currency.</summary>
    public ReadOnlySpan<double> Cost => _cost.AsSpan(0, DayForecast.Points);

    /// <summary>Expected value at each of <see cref="DayForecast.Multipliers"/>.</summary>
    public ReadOnlySpan<double> Value => _value.AsSpan(0, DayForecast.Points);

    /// <summary>Adds up a step, its opportunities also into the knapsack.</summary>
    /// <param name="response">Takes the curve at the 24 grid multipliers.</param>
    /// <param name="sumValue">Sum of predicted value.</param>
    /// <param name="sumPrice">Sum of least winning costs, account currency.</param>
    public void Add(StepRows rows, double target, StepCurve response, LeastWinningCostKnapsack knapsack, out double sumValue, out double sumPrice)
    {
        Array.Clear(_cost);
        Array.Clear(_value);
        Array.Clear(_gridCost);
        Array.Clear(_gridValue);
        for (int i = 0; i < _gridBids.Length; i++) _gridBids[i] = ResponseGrid.Multipliers[i] * target;
        for (int i = 0; i < _pointBids.Length; i++) _pointBids[i] = DayForecast.Multipliers[i] * target;
        ReadOnlySpan<double> values = rows.Values, prices = rows.Prices;
        sumValue = sumPrice = 0;
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i], price = prices[i];
            sumPrice += price;
            if (!(value > 0)) continue;
            sumValue += value;
            int cell = PriceRatios.CellOf(price / (target * value));
            knapsack.AddTo(cell, value, price);
            Enter(_gridBids, FirstGrid[cell], value, price, _gridCost, _gridValue);
            Enter(_pointBids, FirstPoint[cell], value, price, _cost, _value);
        }

        Accumulate(_cost, _value);
        Accumulate(_gridCost, _gridValue);
        _gridCost.AsSpan(0, ResponseGrid.Points).CopyTo(response.Cost);
        _gridValue.AsSpan(0, ResponseGrid.Points).CopyTo(response.Value);
    }

    private static void Enter(double[] bids, int at, double value, double price, double[] cost, double[] gain)
    {
        while (at < bids.Length && !(bids[at] * value >= price)) at++;
        cost[at] += price;
        gain[at] += value;
    }

    // What was entered at the first multiplier that wins it counts for all higher ones.
    private static void Accumulate(double[] cost, double[] value)
    {
        for (int i = 1; i < cost.Length; i++)
        {
            cost[i] += cost[i - 1];
            value[i] += value[i - 1];
        }
    }
}
