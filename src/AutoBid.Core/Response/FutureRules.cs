namespace AutoBid.Core.Response;

/// <summary>Multipliers that are best on average over sampled futures. The same for all samples: nobody knows which of them the day will follow.</summary>
public static class FutureRules
{
    /// <summary>The constant multiplier for the rest of the day with the highest mean score over samples; ties go to the lower one.</summary>
    /// <param name="score">Its mean score, account currency.</param>
    public static double Best(MarketFutures futures, ScoreRule rule, out double score) => ScoreSearch.Best(new OfSamples(futures, rule, 0, futures.Samples), out score);

    /// <summary>Mean score at a constant multiplier, account currency.</summary>
    public static double ScoreAt(MarketFutures futures, ScoreRule rule, double multiplier)
    {
        double sum = 0;
        for (int m = 0; m < futures.Samples; m++)
        {
            double cost = DayForecast.Interpolate(futures.Cost(m), multiplier);
            double value = DayForecast.Interpolate(futures.Value(m), multiplier);
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
                ReadOnlySpan<double> costs = futures.Cost(m), values = futures.Value(m);
                double cost = costs[point], value = values[point];
                if (part > 0)
                {
                    cost += part * (costs[point + 1] - cost);
                    value += part * (values[point + 1] - value);
                }

                sum += rule.Of(futures.Spent, futures.ValueSoFar, futures.Left, cost, value);
            }

            return sum / (end - first);
        }

        public double Kink(int point, int sample)
        {
            double cost = futures.Cost(first + sample)[point], next = futures.Cost(first + sample)[point + 1];
            return next > cost ? (futures.Left - cost) / (next - cost) : 0;
        }
    }
}
