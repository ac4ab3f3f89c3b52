using AutoBid.Simulator.Random;
using AutoBid.Simulator.Replay;

namespace AutoBid.Simulator.Tests.Replay;

/// <summary>The offline replay protocol as auction.md says it, one key, one multiplier per step, nothing clever.</summary>
internal static class NaiveReplay
{
    public static (double Cost, double Value, int Conversions, int Wins, double[] CostOfStep) Play(
        IReadOnlyList<ReplayRow> key, double budget, ulong seed, Func<int, double> multiplier)
    {
        double left = budget, cost = 0, value = 0;
        int conversions = 0, wins = 0;
        var costs = new double[48];
        for (int step = 0; step < 48; step++)
        {
            List<ReplayRow> won = left < 0.1 ? [] : [.. key.Where(r => r.Step == step && multiplier(step) * r.Target * r.Value is var bid && bid >= r.Price && bid > 0)];
            var draws = new StepDraws(seed, key[0].Period, step);
            while (won.Sum(r => r.Price) > left)
            {
                double total = won.Sum(r => r.Price), ratio = Math.Max((total - left) / (total + 1e-4), 0);
                won = [.. won.OrderBy(r => draws.Stream(r.Advertiser, DrawPurpose.DropPriority).Bits(r.Opportunity)).Skip((int)Math.Ceiling(ratio * won.Count))];
            }

            foreach (ReplayRow row in won)
            {
                double truth = Math.Clamp(row.Value + row.Sigma * draws.Stream(row.Advertiser, DrawPurpose.ConversionValue).Normal(row.Opportunity), 0, 1);
                bool converts = row.Outcome == ReplayRow.Drawn ? draws.Stream(row.Advertiser, DrawPurpose.Conversion).Uniform(row.Opportunity) < truth : row.Outcome == 1;
                costs[step] += row.Price;
                value += row.Value;
                conversions += converts ? 1 : 0;
            }

            wins += won.Count;
            left -= costs[step];
            cost += costs[step];
        }

        return (cost, value, conversions, wins, costs);
    }

    /// <summary>The score of the best choice of opportunities, the last one in parts: every prefix by price / value, the budget's end, the target's.</summary>
    public static double Knapsack(IEnumerable<ReplayRow> key, double budget, double target)
    {
        double cost = 0, value = 0, best = 0;
        foreach (ReplayRow row in key.Where(r => r.Value > 0).OrderBy(r => r.Price / r.Value))
        {
            double atTarget = (target * value - cost) / (row.Price - target * row.Value);
            foreach (double share in (double[])[atTarget, 1])
            {
                if (share is > 0 and <= 1 && cost + share * row.Price <= budget) best = Math.Max(best, Score(share));
            }

            if (cost + row.Price > budget)
            {
                best = Math.Max(best, Score((budget - cost) / row.Price));
                break;
            }

            cost += row.Price;
            value += row.Value;

            double Score(double share) => AutoBid.Simulator.Scoring.Score.Of(value + share * row.Value, cost + share * row.Price, target);
        }

        return best;
    }
}
