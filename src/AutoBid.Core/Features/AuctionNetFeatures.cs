using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Features;

/// <summary>
/// Builder <c>auctionnet-16</c>: the benchmark's 16 numbers (policies.md section 1). "Last 3" are the last three steps; public baselines take the
/// first three by mistake. History entries are 0 at step 0; columns 12 and 13 are forecasts in production and 0 where unknown.
/// </summary>
public sealed class AuctionNetFeatures : IFeatureBuilder
{
    private static readonly string[] Names =
    [
        "time_left", "budget_left", "mean_bid", "mean_bid_last3", "mean_least_winning_cost", "mean_value", "mean_conversion", "win_rate",
        "least_winning_cost_last3", "value_last3", "conversion_last3", "win_rate_last3", "current_mean_value", "current_impressions",
        "impressions_last3", "impressions_so_far",
    ];

    public string Name => "auctionnet-16";

    public int Version => 1;

    public IReadOnlyList<string> Columns => Names;

    public IReadOnlyDictionary<string, int[]> Groups { get; } = new Dictionary<string, int[]>(StringComparer.Ordinal);

    public (int First, int Count) Calibrated => default;

    public int PlainNumbers => 0;

    public void Write(in FeatureInput input, DayForecast scratch, Span<float> row, Span<double> plain = default)
    {
        ForecastInput day = input.Forecast;
        ReadOnlySpan<StepRow> steps = day.Trajectory.Rows;
        row[..Names.Length].Clear();
        double spent = 0, impressions = 0;
        foreach (ref readonly StepRow step in steps)
        {
            spent += step.Cost + step.LateCost;
            impressions += step.Impressions;
        }

        row[0] = (StepClock.StepsPerDay - steps.Length) / (float)StepClock.StepsPerDay;
        row[1] = (float)Math.Max(1 - spent / day.Budget, 0);
        Means(steps, out row[2], out row[4], out row[5], out row[6], out row[7]);
        ReadOnlySpan<StepRow> last = steps[Math.Max(0, steps.Length - 3)..];
        Means(last, out row[3], out row[8], out row[9], out row[10], out row[11]);
        row[12] = (float)day.CurrentMeanValue;
        row[13] = (float)day.CurrentImpressions;
        foreach (ref readonly StepRow step in last) row[14] += step.Impressions;
        row[15] = (float)impressions;
    }

    public void Calibrate(ReadOnlySpan<double> plain, double costRatio, double valueRatio, Span<float> row)
    {
        // No column is a forecast.
    }

    /// <summary>Means over steps of the steps' own means.</summary>
    private static void Means(ReadOnlySpan<StepRow> steps, out float bid, out float price, out float value, out float conversion, out float winRate)
    {
        bid = price = value = conversion = winRate = 0;
        if (steps.IsEmpty) return;
        foreach (ref readonly StepRow step in steps)
        {
            bid += step.MeanBid;
            price += step.MeanLeastWinningCost;
            value += step.MeanValue;
            conversion += step.Impressions > 0 ? step.Conversions / step.Impressions : 0;
            winRate += step.Impressions > 0 ? step.Wins / step.Impressions : 0;
        }

        float n = steps.Length;
        bid /= n;
        price /= n;
        value /= n;
        conversion /= n;
        winRate /= n;
    }
}
