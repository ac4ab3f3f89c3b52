using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>
/// Projected cost and value of the rest of the day against the multiplier (policies.md section 2): the recent response curve for what is left of
/// the current value regime, the population prior beyond it, both scaled by the day's volume and calibrated by realised / predicted.
/// Recent curves are never extrapolated to the end of the day: value levels re-draw and revert.
/// One instance per thread: its buffers are reused.
/// </summary>
public sealed class DayForecast
{
    /// <summary>Points of the projection. The argmax on the 24 stored points would cost 0.7 to 0.9 % of S*.</summary>
    public const int Points = 160;

    public const double LowestMultiplier = 0.05;
    public const double HighestMultiplier = 4;

    /// <summary>Steps over which a recent curve loses its weight where the regime length is unknown.</summary>
    private const double RecentDecaySteps = 4;

    /// <summary>Signals at which a recent curve counts as much as the shifted prior.</summary>
    private const double SignalsForHalfWeight = 20;

    private static readonly double LogLowest = Math.Log(LowestMultiplier);
    private static readonly double LogStep = Math.Log(HighestMultiplier / LowestMultiplier) / (Points - 1);

    private readonly double[] _cost = new double[Points];
    private readonly double[] _value = new double[Points];
    private readonly double[] _recentCost = new double[ResponseGrid.Points];
    private readonly double[] _recentValue = new double[ResponseGrid.Points];

    /// <summary>The 160 multipliers, ascending from 0.05 to 4, equally spaced in log.</summary>
    public static readonly double[] Multipliers = BuildMultipliers();

    /// <summary>False when there is neither a prior nor a curve: nothing can be projected.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Projected cost of the rest of the day at each multiplier, account currency, not limited by budget.</summary>
    public ReadOnlySpan<double> Cost => _cost;

    /// <summary>Projected value x reference of the rest of the day at each multiplier, account currency.</summary>
    public ReadOnlySpan<double> Value => _value;

    /// <summary>Spent so far, late arrivals included, account currency.</summary>
    public double Spent { get; private set; }

    /// <summary>Expected value won so far x reference, account currency.</summary>
    public double ValueSoFar { get; private set; }

    /// <summary>Budget not yet spent, at least 0.</summary>
    public double Left { get; private set; }

    /// <summary>Projected cost at any multiplier, account currency.</summary>
    public double CostAt(double multiplier) => Interpolate(_cost, multiplier);

    /// <summary>Projected value x reference at any multiplier, account currency.</summary>
    public double ValueAt(double multiplier) => Interpolate(_value, multiplier);

    /// <summary>Fills the projection from what is known now.</summary>
    public void Build(in ForecastInput input)
    {
        TrajectoryView day = input.Trajectory;
        int step = day.Closed;
        SumUp(input);

        PopulationPrior? prior = input.Prior;
        int regime = prior?.RegimeSteps ?? 0;
        double signals = SumRecent(input, regime, out double recentImpressions);
        bool hasRecent = signals > 0 && recentImpressions > 0;
        IsKnown = step < StepClock.StepsPerDay && (prior is not null || hasRecent);
        if (!IsKnown)
        {
            Array.Clear(_cost);
            Array.Clear(_value);
            return;
        }

        Volumes(input, regime, out double inRegime, out double beyond);
        double level = CurrentLevel(input);
        double lasting = LastingLevel(input, level);
        double weight = !hasRecent ? 0 : prior is null ? 1 : signals / (signals + SignalsForHalfWeight);
        Calibration(input, out double costRatio, out double valueRatio);

        double logReference = Math.Log(input.Reference);
        double joinCost = 1, joinValue = 1;
        if (weight > 0 && prior is not null)
        {
            // Below the lowest stored point the recent curve goes on as the prior, scaled to join it there.
            prior.At(logReference + ResponseGrid.Logs[0], level, out double c, out double v);
            joinCost = c > 0 ? _recentCost[0] / c : 0;
            joinValue = v > 0 ? _recentValue[0] / (v * input.Reference) : 0;
        }

        double highestCost = 0, highestValue = 0;
        for (int i = 0; i < Points; i++)
        {
            double log = LogLowest + i * LogStep;
            double nearCost = 0, nearValue = 0, farCost = 0, farValue = 0;
            if (prior is not null)
            {
                prior.At(logReference + log, level, out nearCost, out nearValue);
                nearValue *= input.Reference;
                prior.At(logReference + log, lasting, out farCost, out farValue);
                farValue *= input.Reference;
            }

            if (weight > 0)
            {
                RecentAt(log, prior is null, nearCost * joinCost, nearValue * joinValue, out double c, out double v);
                nearCost += weight * (c - nearCost);
                nearValue += weight * (v - nearValue);
                if (prior is null) (farCost, farValue) = (nearCost, nearValue);
            }

            highestCost = Math.Max(highestCost, costRatio * (inRegime * nearCost + beyond * farCost));
            highestValue = Math.Max(highestValue, valueRatio * (inRegime * nearValue + beyond * farValue));
            _cost[i] = highestCost;
            _value[i] = highestValue;
        }
    }

    private void SumUp(in ForecastInput input)
    {
        double spent = 0, value = 0;
        foreach (ref readonly StepRow row in input.Trajectory.Rows)
        {
            spent += row.Cost + row.LateCost;
            value += row.ValueWon;
        }

        if (input.Trajectory.Closed < StepClock.StepsPerDay)
        {
            ref readonly StepRow open = ref input.Trajectory.Open;
            if (open.Elapsed < 1)
            {
                spent += open.Cost + open.LateCost;
                value += open.ValueWon;
            }
        }

        Spent = spent;
        ValueSoFar = value * input.Reference;
        Left = Math.Max(input.Budget - spent, 0);
    }

    /// <summary>Per-opportunity curve over the closed steps of the current regime (the last ones where it is unknown). Returns its signals.</summary>
    private double SumRecent(in ForecastInput input, int regime, out double impressions)
    {
        Array.Clear(_recentCost);
        Array.Clear(_recentValue);
        int step = input.Trajectory.Closed;
        int first = regime > 0 ? step / regime * regime : Math.Max(0, step - (int)RecentDecaySteps);
        double signals = 0;
        impressions = 0;
        for (int s = first; s < step; s++)
        {
            ref readonly StepRow row = ref input.Trajectory.Rows[s];
            if (row.Impressions <= 0 || !input.Trajectory.TryGetCurve(s, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value)) continue;
            // Signals may cover only part of the opportunities (bids that were sent): scale to all of them.
            double covered = row.Signals > 0 ? Math.Max(row.Impressions / row.Signals, 1) : 1;
            for (int k = 0; k < ResponseGrid.Points; k++)
            {
                _recentCost[k] += covered * (double)cost[k];
                _recentValue[k] += covered * (double)value[k];
            }

            impressions += row.Impressions;
            signals += row.Signals > 0 ? row.Signals : row.Impressions;
        }

        if (impressions > 0)
        {
            for (int k = 0; k < ResponseGrid.Points; k++)
            {
                _recentCost[k] *= input.Budget / impressions;
                _recentValue[k] *= input.Budget / impressions;
            }
        }

        return signals;
    }

    private void RecentAt(double log, bool alone, double belowCost, double belowValue, out double cost, out double value)
    {
        double at = (log - ResponseGrid.Logs[0]) / ResponseGrid.LogStep;
        if (at < 0)
        {
            double fall = Math.Exp(at * ResponseGrid.LogStep);
            cost = alone ? _recentCost[0] * fall * fall : belowCost;
            value = alone ? _recentValue[0] * fall : belowValue;
            return;
        }

        int i = Math.Min((int)at, ResponseGrid.Points - 2);
        double part = Math.Min(at - i, 1);
        cost = _recentCost[i] + part * (_recentCost[i + 1] - _recentCost[i]);
        value = _recentValue[i] + part * (_recentValue[i + 1] - _recentValue[i]);
    }

    /// <summary>Opportunities still to come inside the current regime and beyond it.</summary>
    private static void Volumes(in ForecastInput input, int regime, out double inRegime, out double beyond)
    {
        int step = input.Trajectory.Closed;
        PopulationPrior? prior = input.Prior;
        double flat = 1.0 / StepClock.StepsPerDay;
        double seen = 0, shapeSeen = 0;
        for (int s = 0; s < step; s++)
        {
            seen += input.Trajectory.Rows[s].Impressions;
            shapeSeen += prior?.Shape[s] ?? flat;
        }

        ref readonly StepRow open = ref input.Trajectory.Open;
        double elapsed = step < StepClock.StepsPerDay && open.Elapsed < 1 ? open.Elapsed : 0;
        double perDay = prior?.OpportunitiesPerDay ?? 0;
        // Shrunk towards the prior's volume by one average step.
        double day = perDay > 0 ? perDay * (seen + perDay * flat) / (perDay * shapeSeen + perDay * flat)
            : shapeSeen > 0 ? seen / shapeSeen
            : input.CurrentImpressions > 0 ? input.CurrentImpressions / (prior?.Shape[step] ?? flat) : 0;

        inRegime = 0;
        beyond = 0;
        for (int s = step; s < StepClock.StepsPerDay; s++)
        {
            double volume = day * (prior?.Shape[s] ?? flat);
            if (s == step)
            {
                if (input.CurrentImpressions > 0) volume = input.CurrentImpressions;
                volume *= 1 - elapsed;
            }

            double near = regime > 0 ? (s / regime == step / regime ? 1 : 0) : Math.Exp(-(s - step) / RecentDecaySteps);
            inRegime += near * volume;
            beyond += (1 - near) * volume;
        }
    }

    /// <summary>The campaign's value level now, relative to the population.</summary>
    private static double CurrentLevel(in ForecastInput input)
    {
        if (input.Prior is not { } prior) return 1;
        int step = input.Trajectory.Closed;
        if (input.CurrentMeanValue > 0) return input.CurrentMeanValue / prior.MeanValue;
        ref readonly StepRow open = ref input.Trajectory.Open;
        if (step < StepClock.StepsPerDay && open.Elapsed is > 0 and < 1 && open.Impressions > 0) return open.MeanValue / prior.MeanValue;

        int regime = prior.RegimeSteps;
        bool firstOfRegime = regime > 0 && step % regime == 0;
        if (step > 0 && !firstOfRegime && input.Trajectory.Rows[step - 1] is { Impressions: > 0, SumValue: > 0 } last) return last.MeanValue / prior.MeanValue;
        return LastingLevel(input, StartLevel(input));
    }

    /// <summary>The level expected beyond the regime: the population's, but for the share of the campaign's own that persists.</summary>
    private static double LastingLevel(in ForecastInput input, double fallback)
    {
        if (input.Prior is not { } prior) return 1;
        double impressions = 0, value = 0;
        foreach (ref readonly StepRow row in input.Trajectory.Rows)
        {
            impressions += row.Impressions;
            value += row.SumValue;
        }

        double start = StartLevel(input);
        double own = impressions > 0 && value > 0 ? value / impressions / prior.MeanValue : fallback;
        double persistence = input.ValueIsRevenue ? 1 : prior.LevelPersistence;
        return start * Math.Pow(own / start, persistence);
    }

    /// <summary>Before anything was seen. Revenue is put on the population's scale of bids: its own level is unknown.</summary>
    private static double StartLevel(in ForecastInput input)
        => input.ValueIsRevenue && input.Prior is { } prior ? prior.Reference / input.Reference : 1;

    /// <summary>Shrunk ratios realised / predicted over the closed steps, from each step's own curve at the multiplier that was executed.</summary>
    private static void Calibration(in ForecastInput input, out double costRatio, out double valueRatio)
    {
        double realCost = 0, realValue = 0, predictedCost = 0, predictedValue = 0;
        ReadOnlySpan<StepRow> rows = input.Trajectory.Rows;
        for (int s = 0; s < rows.Length; s++)
        {
            ref readonly StepRow row = ref rows[s];
            if (row.Impressions <= 0 || row.Multiplier <= 0 || !input.Trajectory.TryGetCurve(s, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value)) continue;
            double covered = row.Signals > 0 ? Math.Max(row.Impressions / row.Signals, 1) : 1;
            double at = Math.Clamp((Math.Log(row.Multiplier) - ResponseGrid.Logs[0]) / ResponseGrid.LogStep, 0, ResponseGrid.Points - 1);
            int i = Math.Min((int)at, ResponseGrid.Points - 2);
            double part = at - i;
            predictedCost += covered * ((double)cost[i] + part * ((double)cost[i + 1] - (double)cost[i]));
            predictedValue += covered * ((double)value[i] + part * ((double)value[i + 1] - (double)value[i]));
            realCost += row.Cost / input.Budget;
            realValue += row.ValueWon * input.Reference / input.Budget;
        }

        const double Shrink = 0.05;
        costRatio = Math.Clamp((realCost + Shrink) / (predictedCost + Shrink), 0.25, 4);
        valueRatio = Math.Clamp((realValue + Shrink) / (predictedValue + Shrink), 0.25, 4);
    }

    private static double Interpolate(double[] curve, double multiplier)
    {
        double at = Math.Clamp((Math.Log(multiplier) - LogLowest) / LogStep, 0, Points - 1);
        int i = Math.Min((int)at, Points - 2);
        return curve[i] + (at - i) * (curve[i + 1] - curve[i]);
    }

    private static double[] BuildMultipliers()
    {
        var grid = new double[Points];
        for (int i = 0; i < Points; i++) grid[i] = Math.Exp(LogLowest + i * LogStep);
        grid[^1] = HighestMultiplier;
        return grid;
    }
}
