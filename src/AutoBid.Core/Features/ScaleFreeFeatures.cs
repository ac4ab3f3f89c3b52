using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Features;

/// <summary>
/// Builder <c>scale-free</c> (policies.md section 1): ratios and logarithms relative to budget and reference, so that one model serves campaigns
/// of any size, currency and objective. Version 2 also counts relative to what the prior expects, where version 1 counts in absolute numbers: a
/// model then holds in markets of another volume. Formulas: docs/features.md.
/// </summary>
public sealed class ScaleFreeFeatures : IFeatureBuilder
{
    /// <summary>Multipliers at which the projected rest of the day is shown.</summary>
    public static readonly double[] Probes = [0.74, 1.0, 1.35];

    public const int Latest = 2;

    private const double Clamp = 4;

    /// <summary>In place of what is left, where nothing is projected.</summary>
    private const double Unknown = -1;

    /// <summary>Share of the expected opportunities, and of the budget, that version 2 adds to wins and conversions: a first one is no landslide.</summary>
    private const double WinFloor = 1.0 / 50;
    private const double ConversionFloor = 1.0 / 20;

    private static readonly (int Point, double Part)[] Places = Array.ConvertAll(Probes, DayForecast.PlaceOf);

    private static readonly string[] Names =
    [
        "time_left", "budget_left", "spend_minus_time", "value_so_far", "log_cpa_shrunk",
        "log_spend_last", "log_value_last", "log_price_last", "log_multiplier_last", "log_spend_last3", "log_value_last3", "win_rate_last",
        "impressions_last", "wins_last", "conversions_so_far",
        "step_level", "step_volume", "step_known",
        "regime_phase", "regime_known",
        "log_cost_074", "log_cost_100", "log_cost_135", "log_value_074", "log_value_100", "log_value_135", "curves_known",
        "target_first", "has_target",
    ];

    private static readonly Dictionary<string, int[]> Masks = new(StringComparer.Ordinal)
    {
        ["step"] = [15, 16, 17],
        ["regime"] = [18, 19],
        ["curves"] = [20, 21, 22, 23, 24, 25, 26],
    };

    /// <param name="version">1 or <see cref="Latest"/>.</param>
    public ScaleFreeFeatures(int version = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(version, Latest);
        Version = version;
    }

    public string Name => "scale-free";

    public int Version { get; }

    public IReadOnlyList<string> Columns => Names;

    public IReadOnlyDictionary<string, int[]> Groups => Masks;

    public (int First, int Count) Calibrated => (20, 2 * Probes.Length);

    public int PlainNumbers => 2 + 4 * Probes.Length;

    public void Write(in FeatureInput input, DayForecast scratch, Span<float> row, Span<double> plain = default)
    {
        ForecastInput day = input.Forecast;
        ReadOnlySpan<StepRow> steps = day.Trajectory.Rows;
        int step = steps.Length;
        scratch.Build(day);

        double budget = day.Budget, reference = day.Reference;
        double spent = scratch.Spent, won = scratch.ValueSoFar;
        double time = step / (double)StepClock.StepsPerDay;
        row[0] = (float)(1 - time);
        row[1] = (float)(1 - spent / budget);
        row[2] = (float)(spent / budget - time);
        row[3] = (float)(won / budget);
        row[4] = (float)ClampedLog(spent + 0.2 * reference, won + 0.2 * reference);

        row[5..15].Clear();
        if (step > 0)
        {
            ref readonly StepRow last = ref steps[step - 1];
            double even = budget / StepClock.StepsPerDay, floor = budget / 3000;
            row[5] = (float)ClampedLog(last.Cost + floor, even + floor);
            row[6] = (float)ClampedLog(reference * last.ValueWon + floor, even + floor);
            row[7] = last.MeanLeastWinningCost > 0 && last.SumValue > 0 ? (float)ClampedLog(last.MeanLeastWinningCost, reference * last.MeanValue) : 0;
            row[8] = last.Multiplier > 0 ? (float)ClampedLog(last.Multiplier, 1) : 0;
            int from = Math.Max(0, step - 3);
            double cost = 0, value = 0;
            for (int s = from; s < step; s++)
            {
                cost += steps[s].Cost;
                value += steps[s].ValueWon;
            }

            row[9] = (float)ClampedLog(cost / (step - from) + floor, even + floor);
            row[10] = (float)ClampedLog(reference * value / (step - from) + floor, even + floor);
            row[11] = last.Impressions > 0 ? last.Wins / last.Impressions : 0;
            if (Version == 1) WriteCounts(steps, row);
            else WriteRelativeCounts(day, won, row);
        }

        WriteStep(day, row);
        int regime = day.Prior?.RegimeSteps ?? 0;
        row[18] = regime > 0 ? (float)(step % regime / (double)regime) : 0;
        row[19] = regime > 0 ? 1 : 0;
        WriteCurves(scratch, budget, row, plain);
        row[27] = input.TargetFirst ? 1 : 0;
        row[28] = input.HasTarget ? 1 : 0;
    }

    private static void WriteCounts(ReadOnlySpan<StepRow> steps, Span<float> row)
    {
        ref readonly StepRow last = ref steps[^1];
        row[12] = (float)(Math.Log(1 + last.Impressions) / 10);
        row[13] = (float)(Math.Log(1 + last.Wins) / 10);
        double conversions = 0;
        foreach (ref readonly StepRow r in steps) conversions += r.Conversions;
        row[14] = (float)(Math.Log(1 + Math.Max(conversions, 0)) / 5);
    }

    private static void WriteRelativeCounts(in ForecastInput day, double won, Span<float> row)
    {
        ReadOnlySpan<StepRow> steps = day.Trajectory.Rows;
        ref readonly StepRow last = ref steps[^1];
        double expected = Expected(day, steps.Length - 1);
        row[12] = expected > 0 && last.Impressions > 0 ? (float)ClampedLog(last.Impressions, expected) : 0;
        // Without an expectation the step's own opportunities stand in for it.
        double scale = expected > 0 ? expected : last.Impressions;
        row[13] = scale > 0 ? (float)ClampedLog(last.Wins + WinFloor * scale, scale) : 0;
        double realised = 0;
        foreach (ref readonly StepRow r in steps) realised += day.ValueIsRevenue ? r.ConversionValue : r.Conversions;
        row[14] = (float)ClampedLog(day.Reference * realised + ConversionFloor * day.Budget, won + ConversionFloor * day.Budget);
    }

    /// <summary>Opportunities that the prior expects in a step; 0: unknown.</summary>
    private static double Expected(in ForecastInput day, int step) => day.Prior is { OpportunitiesPerDay: > 0 } prior ? prior.OpportunitiesPerDay * prior.Shape[step] : 0;

    private void WriteStep(in ForecastInput day, Span<float> row)
    {
        bool known = day is { CurrentImpressions: > 0, CurrentMeanValue: > 0, Prior: not null };
        row[15] = known ? (float)ClampedLog(day.CurrentMeanValue, day.Prior!.MeanValue * (day.ValueIsRevenue ? day.Prior.Reference / day.Reference : 1)) : 0;
        row[16] = known ? (float)Volume(day) : 0;
        row[17] = known ? 1 : 0;
    }

    private double Volume(in ForecastInput day)
    {
        if (Version == 1) return Math.Log(1 + day.CurrentImpressions) / 10;
        double expected = Expected(day, day.Trajectory.Closed);
        return expected > 0 ? ClampedLog(day.CurrentImpressions, expected) : 0;
    }

    public void Calibrate(ReadOnlySpan<double> plain, double costRatio, double valueRatio, Span<float> row)
    {
        (double floor, double left) = (plain[0], plain[1]);
        for (int i = 0; i < Probes.Length; i++)
        {
            ReadOnlySpan<double> ends = plain.Slice(2 + 4 * i, 4);
            row[20 + i] = left == Unknown ? 0 : (float)ClampedLog(Between(i, costRatio * ends[0], costRatio * ends[1]) + floor, left);
            row[23 + i] = left == Unknown ? 0 : (float)ClampedLog(Between(i, valueRatio * ends[2], valueRatio * ends[3]) + floor, left);
        }
    }

    /// <summary>Floor, what is left with the floor, and for each probe the uncalibrated projections at the two points around it: cost, cost, value, value.</summary>
    private void WriteCurves(DayForecast forecast, double budget, Span<float> row, Span<double> plain)
    {
        scoped Span<double> numbers = stackalloc double[PlainNumbers];
        if (!plain.IsEmpty) numbers = plain;
        double floor = budget / 3000;
        (numbers[0], numbers[1]) = (floor, forecast.IsKnown ? forecast.Left + floor : Unknown);
        for (int i = 0; i < Probes.Length; i++)
        {
            int point = Places[i].Point;
            forecast.PlainCost.Slice(point, 2).CopyTo(numbers[(2 + 4 * i)..]);
            forecast.PlainValue.Slice(point, 2).CopyTo(numbers[(4 + 4 * i)..]);
        }

        row[26] = forecast.IsKnown ? 1 : 0;
        Calibrate(numbers, forecast.CostRatio, forecast.ValueRatio, row);
    }

    private static double Between(int probe, double low, double high) => low + Places[probe].Part * (high - low);

    /// <summary>A refund may make a step's spend negative: that reads as the lowest, never as NaN.</summary>
    private static double ClampedLog(double numerator, double denominator) => Math.Clamp(Math.Log(Math.Max(numerator, 0) / denominator), -Clamp, Clamp);
}
