using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>Closes steps of one day.</summary>
internal sealed class DayBuilder(TrajectoryStore store, int block)
{
    public DayBuilder Steps(int count, double multiplier, double? cost = null, double? value = null)
    {
        for (int i = 0; i < count; i++) Step(multiplier, cost: cost, value: value);
        return this;
    }

    /// <summary>One closed step; cost and expected value won are what the market gives unless said otherwise.</summary>
    /// <param name="price">Of the market, relative to the prior's.</param>
    /// <param name="late">Spend of earlier steps that arrives in this one.</param>
    public DayBuilder Step(
        double multiplier, double impressions = Days.PerStep, double level = 1, bool curve = true, double? cost = null, double? value = null, double conversions = 0,
        double price = 1, double late = 0)
    {
        double bid = multiplier * Days.Reference * level;
        var row = new StepRow
        {
            Impressions = (float)impressions,
            SumValue = (float)(impressions * Days.MeanValue * level),
            Multiplier = (float)multiplier,
            Signals = (float)impressions,
            Cost = (float)(cost ?? impressions * price * Days.CostOf(bid / price)),
            ValueWon = (float)(value ?? impressions * level * Days.ValueOf(bid / price)),
            Conversions = (float)conversions,
            ConversionValue = (float)(20 * conversions),
            Wins = (float)(impressions / 10),
            LateCost = (float)late,
            Elapsed = 1,
        };
        if (!curve)
        {
            store.Close(block, row);
            return this;
        }

        Span<float> costs = stackalloc float[ResponseGrid.Points], values = stackalloc float[ResponseGrid.Points];
        for (int k = 0; k < ResponseGrid.Points; k++)
        {
            double at = ResponseGrid.Multipliers[k] * Days.Reference * level;
            costs[k] = (float)(impressions * price * Days.CostOf(at / price) / Days.Budget);
            values[k] = (float)(impressions * level * Days.ValueOf(at / price) * Days.Reference / Days.Budget);
        }

        store.Close(block, row, costs, values);
        return this;
    }

    public DayBuilder Open(float elapsed, double cost = 0, double impressions = 0, double value = 0)
    {
        store.SetOpen(block, new StepRow { Elapsed = elapsed, Cost = (float)cost, Impressions = (float)impressions, SumValue = (float)value });
        return this;
    }
}
