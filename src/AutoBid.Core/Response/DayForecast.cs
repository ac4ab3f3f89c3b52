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

    internal static readonly double LogLowest = Math.Log(LowestMultiplier);
    internal static readonly double LogStep = Math.Log(HighestMultiplier / LowestMultiplier) / (Points - 1);

    private readonly double[] _cost = new double[Points];
    private readonly double[] _value = new double[Points];
    private readonly double[] _plainCost = new double[Points];
    private readonly double[] _plainValue = new double[Points];
    private readonly RecentCurve _recent = new();

    /// <summary>The 160 multipliers, ascending from 0.05 to 4, equally spaced in log.</summary>
    public static readonly double[] Multipliers = BuildMultipliers();

    /// <summary>False when nothing can be projected: neither a prior nor a curve, or no idea of the volume to come.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>First and last of the <see cref="Points"/> that curves or prior reach: an action beyond them would be a guess.</summary>
    public int FirstPoint { get; private set; }

    public int LastPoint { get; private set; } = Points - 1;

    /// <summary>Projected cost of the rest of the day at each multiplier, account currency, not limited by budget.</summary>
    public ReadOnlySpan<double> Cost => _cost;

    /// <summary>Projected value x reference of the rest of the day at each multiplier, account currency.</summary>
    public ReadOnlySpan<double> Value => _value;

    /// <summary><see cref="Cost"/> before its calibration: <see cref="Cost"/> = <see cref="CostRatio"/> x this, to the bit.</summary>
    internal ReadOnlySpan<double> PlainCost => _plainCost;

    /// <summary><see cref="Value"/> before its calibration.</summary>
    internal ReadOnlySpan<double> PlainValue => _plainValue;

    /// <summary>Realised / predicted cost, where it can be told from the curve; else 1.</summary>
    internal double CostRatio { get; private set; } = 1;

    /// <summary>Realised / predicted value, likewise.</summary>
    internal double ValueRatio { get; private set; } = 1;

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
        (Spent, ValueSoFar, Left) = DaySoFar.Of(input);
        PopulationPrior? prior = input.Prior;
        int regime = prior?.RegimeSteps ?? 0;
        bool fromPrior = prior is not null && !input.RecentCurvesOnly;
        _recent.Sum(input);
        double inRegime = 0, beyond = 0;
        IsKnown = input.Trajectory.Closed < StepClock.StepsPerDay && (fromPrior || _recent.IsKnown);
        if (IsKnown)
        {
            Volumes(input, regime, out inRegime, out beyond);
            // Without a volume every multiplier would look free of cost.
            IsKnown = inRegime + beyond > 0;
        }

        FirstPoint = 0;
        LastPoint = Points - 1;
        if (!IsKnown)
        {
            Array.Clear(_cost);
            Array.Clear(_value);
            Array.Clear(_plainCost);
            Array.Clear(_plainValue);
            CostRatio = ValueRatio = 1;
            return;
        }

        Calibration ratio = Calibration.Of(input);
        // Without a prior the ratios are multiplied into the volumes, before anything else.
        (CostRatio, ValueRatio) = fromPrior ? (ratio.CostRatio, ratio.ValueRatio) : (1, 1);
        if (!fromPrior) ProjectRecent(ratio.CostRatio * (inRegime + beyond), ratio.ValueRatio * (inRegime + beyond));
        else Project(input, prior!, inRegime, beyond);
    }

    /// <summary>Where a multiplier lies on the <see cref="Points"/>: the one at or below it, and the share of the way to the next.</summary>
    internal static (int Point, double Part) PlaceOf(double multiplier)
    {
        double at = Math.Clamp((Math.Log(multiplier) - LogLowest) / LogStep, 0, Points - 1);
        int i = Math.Min((int)at, Points - 2);
        return (i, at - i);
    }

    private void Project(in ForecastInput input, PopulationPrior prior, double inRegime, double beyond)
    {
        double level = ValueLevel.Current(input), lasting = ValueLevel.Lasting(input, level);
        // Prices p times the prior's: what it says of a bid b holds at p x b, at p times the cost.
        double dearer = input.FollowsPriceLevel ? PriceLevel.Log(input, prior) : 0, price = Math.Exp(dearer);
        double nearShift = Math.Log(input.Reference * level) - dearer, farShift = Math.Log(input.Reference * lasting) - dearer;
        double farUnit = lasting * input.Reference;
        var near = new NearCurve(_recent, prior, nearShift, price, level * input.Reference);

        double highestCost = 0, highestValue = 0;
        for (int i = 0; i < Points; i++)
        {
            double log = LogLowest + i * LogStep;
            near.At(log, out double nearCost, out double nearValue);
            double farCost = 0, farValue = 0;
            if (beyond > 0)
            {
                prior.AtLog(farShift + log, out farCost, out farValue);
                farCost *= price;
                farValue *= farUnit;
            }

            _plainCost[i] = highestCost = Math.Max(highestCost, inRegime * nearCost + beyond * farCost);
            _plainValue[i] = highestValue = Math.Max(highestValue, inRegime * nearValue + beyond * farValue);
            // Rounding keeps order: the largest so far times a ratio is the largest of the products, to the bit.
            _cost[i] = CostRatio * highestCost;
            _value[i] = ValueRatio * highestValue;
        }

        // Where neither the prior nor the recent curve has a point the projection is flat, which would read as "free of cost".
        double top = prior.LogLast - nearShift;
        if (beyond > 0) top = Math.Max(top, prior.LogLast - farShift);
        if (near.Weight > 0) top = Math.Max(top, _recent.LogLast);
        LastPoint = LastAtMost(top);
    }

    /// <summary>No prior: the recent curve is all there is; the action is restricted to its points.</summary>
    private void ProjectRecent(double costVolume, double valueVolume)
    {
        for (int i = 0; i < Points; i++)
        {
            double log = LogLowest + i * LogStep;
            _recent.At(Math.Clamp(log, _recent.LogFirst, _recent.LogLast), out double cost, out double value);
            // Below the points cost falls with the square of the bid (price and win rate), value with the bid.
            double fall = Math.Exp(Math.Min(log - _recent.LogFirst, 0));
            _cost[i] = costVolume * cost * fall * fall;
            _value[i] = valueVolume * value * fall;
        }

        for (int i = 1; i < Points; i++)
        {
            _cost[i] = Math.Max(_cost[i], _cost[i - 1]);
            _value[i] = Math.Max(_value[i], _value[i - 1]);
        }

        _cost.CopyTo(_plainCost);
        _value.CopyTo(_plainValue);

        // A curve that reaches the grid's lowest point may be followed below it: there is next to nothing left to be wrong about.
        if (_recent.First > 0) FirstPoint = Math.Min((int)Math.Ceiling((_recent.LogFirst - LogLowest) / LogStep - 1e-9), Points - 1);
        LastPoint = Math.Max(LastAtMost(_recent.LogLast), FirstPoint);
    }

    internal static int LastAtMost(double log) => (int)Math.Clamp(Math.Floor((log - LogLowest) / LogStep + 1e-9), 0, Points - 1);

    /// <summary>Opportunities still to come inside the current regime and beyond it.</summary>
    private static void Volumes(in ForecastInput input, int regime, out double inRegime, out double beyond)
    {
        int step = input.Trajectory.Closed;
        PopulationPrior? prior = input.Prior;
        const double Flat = 1.0 / StepClock.StepsPerDay;
        double seen = 0, shapeSeen = 0;
        for (int s = 0; s < step; s++)
        {
            // Steps without bids count no opportunities: they say nothing about the day's volume.
            if ((input.ClosedSteps >> s & 1) != 0) continue;
            seen += input.Trajectory.Rows[s].Impressions;
            shapeSeen += prior?.Shape[s] ?? Flat;
        }

        ref readonly StepRow open = ref input.Trajectory.Open;
        double elapsed = open.Elapsed < 1 ? open.Elapsed : 0;
        double perDay = prior?.OpportunitiesPerDay ?? 0;
        double nowShare = prior?.Shape[step] ?? Flat;
        // Shrunk towards the prior's volume by one average step.
        double day = perDay > 0 ? perDay * (seen + perDay * Flat) / (perDay * shapeSeen + perDay * Flat)
            : shapeSeen > 0 ? seen / shapeSeen
            : input.CurrentImpressions > 0 && nowShare > 0 ? input.CurrentImpressions / nowShare : 0;

        inRegime = 0;
        beyond = 0;
        for (int s = step; s < StepClock.StepsPerDay; s++)
        {
            if ((input.ClosedSteps >> s & 1) != 0) continue;
            double volume = day * (prior?.Shape[s] ?? Flat);
            if (s == step)
            {
                if (input.CurrentImpressions > 0) volume = input.CurrentImpressions;
                volume *= 1 - elapsed;
            }

            double near = RecentCurve.ShareAt(s, step, regime);
            inRegime += near * volume;
            beyond += (1 - near) * volume;
        }
    }

    internal static double Interpolate(ReadOnlySpan<double> curve, double multiplier)
    {
        (int i, double part) = PlaceOf(multiplier);
        return curve[i] + part * (curve[i + 1] - curve[i]);
    }

    private static double[] BuildMultipliers()
    {
        var grid = new double[Points];
        for (int i = 0; i < Points; i++) grid[i] = Math.Exp(LogLowest + i * LogStep);
        grid[^1] = HighestMultiplier;
        return grid;
    }
}
