namespace AutoBid.Core.Response;

/// <summary>Multipliers that are best on average over sampled futures. The same for all samples: nobody knows which of them the day will follow.</summary>
public static class FutureRules
{
    /// <summary>The constant multiplier for the rest of the day with the highest mean score over samples; ties go to the lower one.</summary>
    /// <param name="score">Its mean score, account currency.</param>
    public static double Best(MarketFutures futures, ScoreRule rule, out double score) => ScoreSearch.Best(new OfSamples(futures, rule, 0, futures.Samples), out score);

    /// <summary>The constant multiplier for the steps after the running one with the highest mean score over samples, the running one bid at <paramref name="now"/>.</summary>
    /// <param name="score">Mean score of both together, account currency.</param>
    public static double BestAfter(MarketFutures futures, ScoreRule rule, double now, out double score)
    {
        Span<double> cost = stackalloc double[futures.Samples], value = stackalloc double[futures.Samples];
        for (int m = 0; m < futures.Samples; m++)
        {
            cost[m] = DayForecast.Interpolate(futures.NowCost(m), now);
            value[m] = DayForecast.Interpolate(futures.NowValue(m), now);
        }

        // The rest must be found as finely as the candidates are told apart: one step of 48 moves the score less than a grid step does.
        return ScoreSearch.Best(new OfRest(futures, rule, cost, value), out score);
    }

    /// <summary>Mean score at a constant multiplier, account currency.</summary>
    public static double ScoreAt(MarketFutures futures, ScoreRule rule, double multiplier)
    {
        double sum = 0;
        for (int m = 0; m < futures.Samples; m++)
        {
            double cost = DayForecast.Interpolate(futures.NowCost(m), multiplier) + DayForecast.Interpolate(futures.RestCost(m), multiplier);
            double value = DayForecast.Interpolate(futures.NowValue(m), multiplier) + DayForecast.Interpolate(futures.RestValue(m), multiplier);
            sum += rule.Of(futures.Spent, futures.ValueSoFar, futures.Left, cost, value);
        }

        return sum / futures.Samples;
    }

    /// <summary>
    /// What a plan expects to reach of what hindsight would: its mean score / the mean over samples of the best score that a constant multiplier has in that
    /// sample. At most 1, and 1 where all samples agree; NaN where nothing can be won.
    /// </summary>
    /// <param name="score">The plan's mean score.</param>
    public static double Promise(MarketFutures futures, ScoreRule rule, double score)
    {
        double sum = 0;
        for (int m = 0; m < futures.Samples; m++)
        {
            ScoreSearch.Best(new OfSamples(futures, rule, m, m + 1), out double best);
            sum += best;
        }

        return sum > 0 ? Math.Min(score / (sum / futures.Samples), 1) : double.NaN;
    }

    /// <summary>Mean score over all samples of one multiplier for the steps after the running one, whose cost and value are given.</summary>
    private readonly ref struct OfRest(MarketFutures futures, ScoreRule rule, ReadOnlySpan<double> nowCost, ReadOnlySpan<double> nowValue) : IScoredCurves
    {
        private readonly ReadOnlySpan<double> _nowCost = nowCost, _nowValue = nowValue;

        public int FirstPoint => 0;

        public int LastPoint => futures.LastPoint;

        public int Samples => futures.Samples;

        public double At(int point, double part)
        {
            double sum = 0;
            for (int m = 0; m < futures.Samples; m++)
            {
                ReadOnlySpan<double> restCost = futures.RestCost(m), restValue = futures.RestValue(m);
                double cost = restCost[point], value = restValue[point];
                if (part > 0)
                {
                    cost += part * (restCost[point + 1] - cost);
                    value += part * (restValue[point + 1] - value);
                }

                sum += rule.Of(futures.Spent, futures.ValueSoFar, futures.Left, _nowCost[m] + cost, _nowValue[m] + value);
            }

            return sum / futures.Samples;
        }

        public double Kink(int point, int sample)
        {
            double cost = futures.RestCost(sample)[point], next = futures.RestCost(sample)[point + 1];
            return next > cost ? (futures.Left - _nowCost[sample] - cost) / (next - cost) : 0;
        }
    }

    /// <summary>Mean score over samples first..end-1 of one multiplier for the whole rest of the day.</summary>
    private readonly struct OfSamples(MarketFutures futures, ScoreRule rule, int first, int end) : IScoredCurves
    {
        public int FirstPoint => 0;

        public int LastPoint => futures.LastPoint;

        public int Samples => end - first;

        public double At(int point, double part)
        {
            double sum = 0;
            for (int m = first; m < end; m++)
            {
                double cost = CostAt(m, point), value = futures.NowValue(m)[point] + futures.RestValue(m)[point];
                if (part > 0)
                {
                    cost += part * (CostAt(m, point + 1) - cost);
                    value += part * (futures.NowValue(m)[point + 1] + futures.RestValue(m)[point + 1] - value);
                }

                sum += rule.Of(futures.Spent, futures.ValueSoFar, futures.Left, cost, value);
            }

            return sum / (end - first);
        }

        public double Kink(int point, int sample)
        {
            double cost = CostAt(first + sample, point), next = CostAt(first + sample, point + 1);
            return next > cost ? (futures.Left - cost) / (next - cost) : 0;
        }

        private double CostAt(int sample, int point) => futures.NowCost(sample)[point] + futures.RestCost(sample)[point];
    }
}
