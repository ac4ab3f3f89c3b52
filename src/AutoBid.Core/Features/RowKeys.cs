using System.Runtime.InteropServices;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Features;

/// <summary>
/// What the feature rows of a window depend on, as a hash for each, so that a row made before may stand for one that would be made now.
/// Invariant: two rows of one builder whose keys are equal are equal to the bit, but for the columns that follow the calibration
/// (<see cref="IFeatureBuilder.Calibrate"/>), which follow from the row and the two ratios. The row of step s, and MPC's plan for it, read
/// <list type="bullet">
/// <item>the settings: budget, reference, objective, mode, closed steps, the prior's contents;</item>
/// <item>the closed rows before s, whole;</item>
/// <item>of the row of s while it runs: <see cref="AddOpen"/>; once it has closed, nothing;</item>
/// <item>what is known of the step's opportunities: the caller's forecast, or for a past step its own where the caller gives forecasts;</item>
/// <item>the curves that <see cref="RecentCurve"/> sums: of the regime before s, or of the last steps;</item>
/// <item>every other curve that is still kept, through the calibration alone. They age out at each step of a live day: were they in the key, no row would outlive it.</item>
/// </list>
/// Whoever makes forecast or builder read anything else has to add it here. One instance per thread: its buffers are reused.
/// </summary>
public sealed class RowKeys
{
    private readonly UInt128[] _keys = new UInt128[StepClock.StepsPerDay];
    private readonly double[] _costRatios = new double[StepClock.StepsPerDay];
    private readonly double[] _valueRatios = new double[StepClock.StepsPerDay];
    private readonly UInt128[] _curves = new UInt128[StepClock.StepsPerDay];

    /// <summary>Keys of the rows of consecutive steps that <see cref="Compute"/> covered.</summary>
    public ReadOnlySpan<UInt128> From(int first, int count) => _keys.AsSpan(first, count);

    /// <summary>The calibration as of a step: realised / predicted cost.</summary>
    public double CostRatio(int step) => _costRatios[step];

    /// <summary>Realised / predicted value.</summary>
    public double ValueRatio(int step) => _valueRatios[step];

    /// <summary>Computes keys and ratios of the steps from <paramref name="first"/> to the running one.</summary>
    /// <param name="input">The day so far; its running step must be one of the day's 48.</param>
    /// <param name="knowsStep">As in <see cref="FeatureInput.AsOf"/>.</param>
    /// <param name="also">What else the rows are made from.</param>
    /// <param name="coversCalibration">True where more than the builder's columns follows the calibration: it is then part of the key.</param>
    /// <exception cref="ArgumentException">A forecast that follows the price level reads curves that no key covers.</exception>
    public void Compute(in FeatureInput input, bool knowsStep, int first, ReadOnlySpan<double> also, bool coversCalibration)
    {
        ForecastInput day = input.Forecast;
        if (day.FollowsPriceLevel) throw new ArgumentException("Rows are made from forecasts that do not follow the price level.", nameof(input));
        int now = day.Trajectory.Closed;
        ReadOnlySpan<StepRow> rows = day.Trajectory.Rows;
        HashCurves(day, RecentCurve.FirstStep(day, first));
        // Without a prior the ratios are multiplied into the curve before anything else.
        coversCalibration |= day.Prior is null || day.RecentCurvesOnly;
        ContentHash before = Settings(input, also);
        var calibration = new Calibration();
        for (int step = 0; step <= now; step++)
        {
            if (step >= first)
            {
                (_costRatios[step], _valueRatios[step]) = (calibration.CostRatio, calibration.ValueRatio);
                _keys[step] = KeyOf(before, input.AsOf(step, knowsStep).Forecast, coversCalibration);
            }

            if (step == now) break;
            calibration.Add(day, step);
            before.Add(MemoryMarshal.AsBytes(rows.Slice(step, 1)));
        }
    }

    private static ContentHash Settings(in FeatureInput input, ReadOnlySpan<double> also)
    {
        ForecastInput day = input.Forecast;
        var hash = new ContentHash();
        hash.Add(day.Budget);
        hash.Add(day.Reference);
        hash.Add(day.ClosedSteps);
        hash.Add((input.TargetFirst ? 1UL : 0) | (input.HasTarget ? 2UL : 0) | (day.ValueIsRevenue ? 4UL : 0) | (day.RecentCurvesOnly ? 8UL : 0) | (day.Prior is null ? 0 : 16UL));
        if (day.Prior is { } prior) hash.Add(prior.Contents);
        foreach (double number in also) hash.Add(number);
        return hash;
    }

    /// <summary>The hash of each kept curve from a step on; where there is none, 0.</summary>
    private void HashCurves(in ForecastInput day, int first)
    {
        for (int step = first; step < day.Trajectory.Closed; step++)
        {
            _curves[step] = 0;
            if (!day.Trajectory.TryGetCurve(step, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value)) continue;
            var hash = new ContentHash();
            hash.Add(MemoryMarshal.AsBytes(cost));
            hash.Add(MemoryMarshal.AsBytes(value));
            _curves[step] = hash.Value;
        }
    }

    /// <param name="hash">Of settings and closed rows.</param>
    /// <param name="then">As it stood when the step was decided.</param>
    private UInt128 KeyOf(ContentHash hash, in ForecastInput then, bool coversCalibration)
    {
        int step = then.Trajectory.Closed;
        hash.Add((ulong)step);
        hash.Add(then.CurrentImpressions);
        hash.Add(then.CurrentMeanValue);
        AddOpen(ref hash, then.Trajectory.Open);
        for (int s = RecentCurve.FirstStep(then, step); s < step; s++) hash.Add(_curves[s]);
        if (coversCalibration)
        {
            hash.Add(_costRatios[step]);
            hash.Add(_valueRatios[step]);
        }

        return hash.Value;
    }

    /// <summary>
    /// What is read of a running step. A row made at the very start of a step, when all of this is 0, then has the key that it has once the step has closed:
    /// such a step is made once, not twice.
    /// </summary>
    private static void AddOpen(ref ContentHash hash, in StepRow open)
    {
        bool runs = open.Elapsed < 1;
        hash.Add(runs ? open.Elapsed : 0);
        hash.Add(runs ? open.Cost + open.LateCost : 0);
        hash.Add(runs ? open.ValueWon : 0);
        hash.Add(runs ? open.Impressions : 0);
        hash.Add(runs ? open.SumValue : 0);
    }
}
