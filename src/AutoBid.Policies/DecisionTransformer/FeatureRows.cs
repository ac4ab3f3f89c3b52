using System.Numerics;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;

namespace AutoBid.Policies.DecisionTransformer;

/// <summary>
/// The rows of a decision's window: z-scored features, the executed action of the step before, and MPC's plan for a model that answers residuals to it.
/// A row that the cache has under the key of what it would be made from is copied, so that a decision makes about one row where its window has twelve;
/// with the cache and without it they are the same to the bit. Safe on any number of threads.
/// </summary>
internal sealed class FeatureRows
{
    private const double FeatureLimit = 5;

    private static readonly double LogLowest = Math.Log(DayForecast.LowestMultiplier), LogHighest = Math.Log(DayForecast.HighestMultiplier);

    private readonly IFeatureBuilder _builder;
    private readonly float[] _mean, _std;
    private readonly int _window;
    private readonly bool _isResidual;

    /// <param name="isResidual">The model answers residuals to MPC: rows have a base.</param>
    /// <param name="cacheBytes">Most that the cache may take; 0: no cache.</param>
    public FeatureRows(ModelCard card, IFeatureBuilder builder, bool isResidual, long cacheBytes)
    {
        _builder = builder;
        _mean = card.Features.Mean;
        _std = card.Features.Std;
        _window = card.Window;
        _isResidual = isResidual;
        Shape = new RowShape(builder.Columns.Count, builder.PlainNumbers);
        // A window never has more tokens than the day has steps, nor a row more than its one slot.
        if (cacheBytes > 0) Cache = new RowCache(card.Name, Math.Min(_window, Core.Time.StepClock.StepsPerDay), Shape, cacheBytes);
    }

    public RowShape Shape { get; }

    /// <summary>Null: every row is made.</summary>
    public RowCache? Cache { get; }

    /// <summary>Makes or copies the rows of the steps from <paramref name="first"/> to the running one into the scratch's buffer, oldest first.</summary>
    /// <returns>Their number; each has <see cref="RowShape.Floats"/> numbers.</returns>
    public int Fill(FeatureScratch scratch, in PolicyInput input, out int first, ref RowTally tally)
    {
        int now = input.Trajectory.Closed;
        first = Math.Max(0, now - _window + 1);
        int count = now - first + 1;
        scratch.Reserve(count, Shape);
        var current = new FeatureInput { Forecast = input.Forecast, TargetFirst = input.Mode == PacingMode.TargetFirst, HasTarget = input.HasTarget };
        bool knowsStep = input is { CurrentImpressions: > 0, CurrentMeanValue: > 0 };
        if (Cache is null)
        {
            for (int i = 0; i < count; i++) Make(scratch, input, current.AsOf(first + i, knowsStep), i);
            tally.New += count;
            return count;
        }

        ReadOnlySpan<double> range = _isResidual ? [input.MinMultiplier, input.MaxMultiplier] : [];
        scratch.Keys.Compute(current, knowsStep, first, range, coversCalibration: _isResidual);
        ReadOnlySpan<UInt128> keys = scratch.Keys.From(first, count);
        ulong found = Cache.Read(input.CampaignId, first, keys, scratch.Floats, scratch.Doubles, out ulong changed), write = 0;
        for (int i = 0; i < count; i++)
        {
            Span<double> ratios = scratch.Doubles.AsSpan(i * Shape.Doubles, 2);
            (double cost, double value) = (scratch.Keys.CostRatio(first + i), scratch.Keys.ValueRatio(first + i));
            if ((found >> i & 1) == 0) Make(scratch, input, current.AsOf(first + i, knowsStep), i);
            else if (Shape.PlainNumbers > 0 && (!Same(ratios[0], cost) || !Same(ratios[1], value))) Calibrate(scratch, i, cost, value);
            else continue;

            (ratios[0], ratios[1]) = (cost, value);
            write |= 1UL << i;
        }

        if (Cache.Write(input.CampaignId, first, keys, scratch.Floats, scratch.Doubles, write)) tally.Evictions++;
        int made = BitOperations.PopCount(write & ~found), calibrated = BitOperations.PopCount(write & found), stale = BitOperations.PopCount(changed);
        tally.Calibrated += calibrated;
        tally.Hits += count - made - calibrated;
        tally.Changed += stale;
        tally.New += made - stale;
        return count;
    }

    /// <summary>A log multiplier inside the range of actions.</summary>
    public static double Legal(double log) => Math.Clamp(log, LogLowest, LogHighest);

    public static double LogExecuted(in StepRow row) => row.Multiplier > 0 ? Legal(Math.Log(row.Multiplier)) : 0;

    private void Make(FeatureScratch scratch, in PolicyInput input, in FeatureInput then, int index)
    {
        Span<float> row = scratch.Floats.AsSpan(index * Shape.Floats, Shape.Floats), state = row[..Shape.Width];
        _builder.Write(then, scratch.Forecast, state, scratch.Doubles.AsSpan(index * Shape.Doubles + 2, Shape.PlainNumbers));
        Normalise(state, 0, Shape.Width);
        int step = then.Forecast.Trajectory.Closed;
        row[Shape.Action] = step == 0 ? 0 : (float)LogExecuted(input.Trajectory.Rows[step - 1]);
        (row[Shape.Base], row[Shape.BaseMask]) = (0, 0);
        if (!_isResidual || input.Prior is null || !MpcPolicy.TryPlan(input, then.Forecast, scratch.Forecast, out double mpc)) return;
        (row[Shape.Base], row[Shape.BaseMask]) = ((float)Math.Log(mpc), 1);
    }

    private void Calibrate(FeatureScratch scratch, int index, double costRatio, double valueRatio)
    {
        Span<float> state = scratch.Floats.AsSpan(index * Shape.Floats, Shape.Width);
        _builder.Calibrate(scratch.Doubles.AsSpan(index * Shape.Doubles + 2, Shape.PlainNumbers), costRatio, valueRatio, state);
        Normalise(state, _builder.Calibrated.First, _builder.Calibrated.Count);
    }

    private void Normalise(Span<float> state, int first, int count)
    {
        for (int i = first; i < first + count; i++) state[i] = (float)Math.Clamp((state[i] - _mean[i]) / (double)_std[i], -FeatureLimit, FeatureLimit);
    }

    private static bool Same(double x, double y) => BitConverter.DoubleToInt64Bits(x) == BitConverter.DoubleToInt64Bits(y);
}
