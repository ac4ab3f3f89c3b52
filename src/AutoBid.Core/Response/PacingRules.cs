namespace AutoBid.Core.Response;

/// <summary>The multiplier a forecast asks for under each promise (policies.md section 2). The grid is scanned, never bisected.</summary>
public static class PacingRules
{
    /// <summary>alpha_B: the largest multiplier whose projected cost stays within what is left of the budget; the lowest when none does.</summary>
    public static double SpendBudget(DayForecast forecast)
    {
        ReadOnlySpan<double> cost = forecast.Cost;
        for (int i = forecast.LastPoint; i >= forecast.FirstPoint; i--)
        {
            if (cost[i] <= forecast.Left)
                return i == forecast.LastPoint ? DayForecast.Multipliers[i] : Between(i, cost[i], cost[i + 1], forecast.Left);
        }

        return DayForecast.Multipliers[forecast.FirstPoint];
    }

    /// <summary>
    /// Min-pacing: min(alpha_B, alpha_C), alpha_C the LARGEST multiplier with cost - value x reference within the slack
    /// D = reference x value so far - spent; where none is, the argmin of cost - value x reference.
    /// A slack below 0 is the normal early state and must not lead to the lowest bid: that difference starts at 0, falls, then rises.
    /// </summary>
    /// <param name="valueScale">Trust in predicted value, 0..1: below 1 when conversions fall short of it.</param>
    public static double MinPacing(DayForecast forecast, double valueScale = 1)
    {
        double slack = valueScale * forecast.ValueSoFar - forecast.Spent;
        ReadOnlySpan<double> cost = forecast.Cost, value = forecast.Value;
        int largest = -1, least = forecast.FirstPoint;
        double leastExcess = double.PositiveInfinity;
        for (int i = forecast.FirstPoint; i <= forecast.LastPoint; i++)
        {
            double excess = cost[i] - valueScale * value[i];
            if (excess <= slack) largest = i;
            if (excess < leastExcess) (leastExcess, least) = (excess, i);
        }

        double target = DayForecast.Multipliers[largest >= 0 ? largest : least];
        if (largest >= 0 && largest < forecast.LastPoint)
        {
            target = Between(
                largest, cost[largest] - valueScale * value[largest], cost[largest + 1] - valueScale * value[largest + 1], slack);
        }

        return Math.Min(SpendBudget(forecast), target);
    }

    /// <summary>
    /// The multiplier that maximises (value so far + value) x min(1, 1 / ratio^2), ratio = spend / (value x reference) of the whole day.
    /// Past the budget, value and cost are cut in proportion: the day ends when the money does. Ties go to the lower multiplier.
    /// </summary>
    public static double BestScore(DayForecast forecast, bool hasTarget)
    {
        return ScoreSearch.Best(new OfForecast(forecast, hasTarget ? ScoreRule.Score : ScoreRule.Value), out _);
    }

    private static double Between(int i, double left, double right, double wanted)
    {
        return ScoreSearch.Within(i, right > left ? Math.Clamp((wanted - left) / (right - left), 0, 1) : 0);
    }

    private readonly struct OfForecast(DayForecast forecast, ScoreRule rule) : IScoredCurves
    {
        public int FirstPoint => forecast.FirstPoint;

        public int LastPoint => forecast.LastPoint;

        public int Samples => 1;

        public double At(int point, double part)
        {
            ReadOnlySpan<double> cost = forecast.Cost, value = forecast.Value;
            if (part == 0) return rule.Of(forecast.Spent, forecast.ValueSoFar, forecast.Left, cost[point], value[point]);
            return rule.Of(
                forecast.Spent, forecast.ValueSoFar, forecast.Left,
                cost[point] + part * (cost[point + 1] - cost[point]), value[point] + part * (value[point + 1] - value[point]));
        }

        public double Kink(int point, int sample)
        {
            ReadOnlySpan<double> cost = forecast.Cost;
            return cost[point + 1] > cost[point] ? (forecast.Left - cost[point]) / (cost[point + 1] - cost[point]) : 0;
        }
    }
}
