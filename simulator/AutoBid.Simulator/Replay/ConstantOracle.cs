using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Simulator.Frozen;

namespace AutoBid.Simulator.Replay;

/// <summary>
/// S* of the replay protocol: the best of the project's 160 constant multipliers on one key in hindsight, expected values, for several budgets at once. A
/// step that would cost more than is left stops when the money is gone, cost and value in proportion.
/// </summary>
/// <param name="budgets">Account currency.</param>
internal sealed class ConstantOracle(double[] budgets, double smallestBudget)
{
    private readonly double[] _cost = new double[budgets.Length * DayForecast.Points];
    private readonly double[] _value = new double[budgets.Length * DayForecast.Points];

    /// <summary>Adds a step: what each of the multipliers would cost and bring with enough budget.</summary>
    public void Add(ReadOnlySpan<double> cost, ReadOnlySpan<double> value)
    {
        for (int i = 0; i < _cost.Length; i++)
        {
            int point = i % DayForecast.Points;
            double left = budgets[i / DayForecast.Points] - _cost[i], wanted = cost[point];
            if (!(left >= smallestBudget)) continue;
            double share = wanted > left ? left / wanted : 1;
            _cost[i] += share * wanted;
            _value[i] += share * value[point];
        }
    }

    /// <summary>The best constant: in SpendFirst by score, in TargetFirst by value among those that keep the target (else the lowest CPA).</summary>
    public OracleResult Best(int budget, double target, PacingMode mode)
    {
        var search = new ConstantSearch(target, mode);
        int first = budget * DayForecast.Points;
        for (int point = 0; point < DayForecast.Points; point++) search.Consider(DayForecast.Multipliers[point], _cost[first + point], _value[first + point]);
        return search.Best;
    }
}
