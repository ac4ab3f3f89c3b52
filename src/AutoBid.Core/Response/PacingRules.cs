namespace AutoBid.Core.Response;

/// <summary>The multiplier a forecast asks for under each promise (policies.md section 2). The grid is scanned, never bisected.</summary>
public static class PacingRules
{
    /// <summary>Parts into which the two grid intervals beside the best point are cut.</summary>
    private const int Parts = 8;

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
        ReadOnlySpan<double> cost = forecast.Cost, value = forecast.Value;
        double best = double.NegativeInfinity;
        int at = forecast.FirstPoint;
        for (int i = forecast.FirstPoint; i <= forecast.LastPoint; i++)
        {
            double score = Score(forecast, cost[i], value[i], hasTarget);
            if (score > best * (1 + 1e-12)) (best, at) = (score, i);
        }

        // The score has a kink where the money ends: on the grid alone a steep curve loses up to 1 % to it.
        double multiplier = DayForecast.Multipliers[at];
        for (int i = Math.Max(at - 1, forecast.FirstPoint); i <= Math.Min(at, forecast.LastPoint - 1); i++)
        {
            double kink = cost[i + 1] > cost[i] ? (forecast.Left - cost[i]) / (cost[i + 1] - cost[i]) : 0;
            for (int k = 0; k < Parts; k++)
            {
                double part = k > 0 ? k / (double)Parts : kink;
                if (part is not (> 0 and < 1)) continue;
                double score = Score(forecast, cost[i] + part * (cost[i + 1] - cost[i]), value[i] + part * (value[i + 1] - value[i]), hasTarget);
                if (score > best * (1 + 1e-12)) (best, multiplier) = (score, Within(i, part));
            }
        }

        return multiplier;
    }

    private static double Score(DayForecast forecast, double cost, double value, bool hasTarget)
    {
        double share = cost > forecast.Left ? forecast.Left / cost : 1;
        double total = forecast.ValueSoFar + share * value;
        double spent = forecast.Spent + share * cost;
        return hasTarget && spent > total ? total * (total / spent) * (total / spent) : total;
    }

    private static double Between(int i, double left, double right, double wanted)
    {
        return Within(i, right > left ? Math.Clamp((wanted - left) / (right - left), 0, 1) : 0);
    }

    private static double Within(int i, double part)
        => DayForecast.Multipliers[i] * Math.Pow(DayForecast.Multipliers[i + 1] / DayForecast.Multipliers[i], part);
}
