using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>
/// Sampled futures of the market composed into what the rest of the day would cost and bring at each multiplier of <see cref="DayForecast.Multipliers"/>,
/// sample by sample. Built like <see cref="DayForecast"/>: the recent curve speaks for the current value regime, moved
/// by as much as a sample's latents differ from those it was seen at; beyond it the prior at the sampled level and price; both calibrated by realised / predicted.
/// One instance per thread: its buffers are reused.
/// </summary>
public sealed class MarketFutures
{
    public const int Points = DayForecast.Points;

    /// <summary>A recent curve that counts less than this is left out.</summary>
    private const double LeastShare = 0.01;

    /// <summary>Points of a table: every log multiplier, moved by as much as the bounds of level and price let samples differ.</summary>
    private static readonly int TablePoints = (int)(MarketLatents.LargestSpread / DayForecast.LogStep) + Points + 2;

    private readonly RecentCurve _recent = new();
    private readonly double[] _priorCost = new double[TablePoints], _priorValue = new double[TablePoints];
    private readonly double[] _nearCost = new double[TablePoints], _nearValue = new double[TablePoints];
    private double[] _cost = [], _value = [];
    private StepMarket[] _steps = [];
    private PopulationPrior? _prior;
    private NearCurve _near;
    private Calibration _ratio;
    private int _step;
    private double _lowestShift, _lowestMove;

    /// <summary>False when nothing can be composed: no prior, or no idea of the volume to come.</summary>
    public bool IsKnown { get; private set; }

    public int Samples { get; private set; }

    /// <summary>The highest of the <see cref="Points"/> that every sample has a curve for: beyond it the projection would read as "free of cost".</summary>
    public int LastPoint { get; private set; }

    /// <summary>Spent so far, account currency.</summary>
    public double Spent { get; private set; }

    /// <summary>Expected value won so far x reference, account currency.</summary>
    public double ValueSoFar { get; private set; }

    /// <summary>Budget not yet spent, at least 0.</summary>
    public double Left { get; private set; }

    /// <summary>Cost of the rest of the day at each multiplier, account currency, not limited by budget.</summary>
    public ReadOnlySpan<double> Cost(int sample) => _cost.AsSpan(sample * Points, Points);

    /// <summary>Value x reference of the rest of the day at each multiplier, account currency.</summary>
    public ReadOnlySpan<double> Value(int sample) => _value.AsSpan(sample * Points, Points);

    /// <param name="futures">samples x 48 x 3 latents, as <see cref="MarketLatents"/> names them; of steps that are over nothing is read.</param>
    public void Build(in ForecastInput input, ReadOnlySpan<float> futures)
    {
        (Spent, ValueSoFar, Left) = DaySoFar.Of(input);
        _step = input.Trajectory.Closed;
        _prior = input.Prior;
        LastPoint = Points - 1;
        Samples = futures.Length / (StepClock.StepsPerDay * MarketLatents.Channels);
        IsKnown = false;
        if (_prior is null || _step >= StepClock.StepsPerDay || Samples == 0) return;
        MarketScale scale = MarketScale.Of(input, _prior);
        if (!(scale.PerDay > 0)) return;
        Reserve();
        _ratio = Calibration.Of(input);
        _recent.Sum(input);
        Anchor anchor = AnchorOf(input, scale);
        _near = new NearCurve(_recent, _prior, Math.Log(input.Reference) + anchor.Level - anchor.Price, Math.Exp(anchor.Price), input.Reference * Math.Exp(anchor.Level));
        double top = double.PositiveInfinity, opportunities = 0;
        (_lowestShift, _lowestMove) = (double.PositiveInfinity, double.PositiveInfinity);
        for (int m = 0; m < Samples; m++)
        {
            ReadOnlySpan<float> future = futures.Slice(m * StepClock.StepsPerDay * MarketLatents.Channels, StepClock.StepsPerDay * MarketLatents.Channels);
            opportunities += Read(input, scale, anchor, future, StepsOf(m), out double reach);
            top = Math.Min(top, reach);
        }

        Tabulate();
        for (int m = 0; m < Samples; m++) Compose(StepsOf(m)[_step..], _cost.AsSpan(m * Points, Points), _value.AsSpan(m * Points, Points));

        // Without a volume every multiplier would look free of cost.
        IsKnown = double.IsFinite(opportunities) && opportunities > 0;
        LastPoint = DayForecast.LastAtMost(top);
    }

    /// <summary>
    /// The mean over samples of what each step from the running one on spends and brings, each sample until its money ends: together never more than what is left.
    /// </summary>
    /// <param name="spend">One per step from the running one on, account currency.</param>
    /// <param name="value">Value x reference of each of them, account currency.</param>
    public void Flows(double multiplier, Span<double> spend, Span<double> value)
    {
        spend.Clear();
        value.Clear();
        double log = Math.Log(multiplier);
        for (int m = 0; m < Samples; m++)
        {
            double left = Left;
            for (int k = 0; k < spend.Length; k++)
            {
                StepFlow(_steps[m * StepClock.StepsPerDay + _step + k], log, out double cost, out double won);
                double share = cost * _ratio.CostRatio > left ? left / (cost * _ratio.CostRatio) : 1;
                spend[k] += share * cost * _ratio.CostRatio / Samples;
                value[k] += share * won * _ratio.ValueRatio / Samples;
                left = Math.Max(left - share * cost * _ratio.CostRatio, 0);
            }
        }
    }

    /// <summary>Level and price, in log, at which the recent curve was seen; price NaN where its steps do not tell.</summary>
    private readonly record struct Anchor(double Level, double SeenPrice)
    {
        public double Price => double.IsNaN(SeenPrice) ? 0 : SeenPrice;
    }

    /// <summary>One step of one sample.</summary>
    /// <param name="Opportunities">That are still to come in it.</param>
    /// <param name="Shift">Log bid per value at which the prior is read for multiplier 1.</param>
    /// <param name="Price">Prices relative to the prior's.</param>
    /// <param name="Unit">Value level relative to the prior's x reference.</param>
    /// <param name="Near">Share of the recent curve.</param>
    /// <param name="Move">Log multiplier by which the recent curve is read further up.</param>
    /// <param name="Dearer">Its prices relative to when it was seen.</param>
    /// <param name="Richer">Its values relative to when it was seen.</param>
    private readonly record struct StepMarket(double Opportunities, double Shift, double Price, double Unit, double Near, double Move, double Dearer, double Richer);

    private Anchor AnchorOf(in ForecastInput input, in MarketScale scale)
    {
        // Where there is no recent curve there is nothing to be moved: the steps of the regime take the prior at their own latents.
        if (!_recent.IsKnown) return new Anchor(0, double.NaN);
        double sum = 0, weights = 0;
        for (int s = _recent.Since; s < _step; s++)
        {
            double price = PriceLevel.OfStep(input, _prior!, s);
            if (double.IsNaN(price)) continue;
            sum += input.Trajectory.Rows[s].Impressions * price;
            weights += input.Trajectory.Rows[s].Impressions;
        }

        double level = scale.LogLevel(_recent.MeanValue, _prior!);
        return new Anchor(double.IsFinite(level) ? level + Math.Log(scale.Level) : 0, weights > 0 ? sum / weights : double.NaN);
    }

    /// <summary>Reads one sample's steps; returns their opportunities.</summary>
    /// <param name="reach">Log multiplier up to which one of them has a point.</param>
    private double Read(in ForecastInput input, in MarketScale scale, in Anchor anchor, ReadOnlySpan<float> latents, Span<StepMarket> steps, out double reach)
    {
        PopulationPrior prior = _prior!;
        double opportunities = 0, logScale = Math.Log(scale.Level), logReference = Math.Log(input.Reference);
        reach = double.NegativeInfinity;
        for (int s = _step; s < StepClock.StepsPerDay; s++)
        {
            steps[s] = default;
            if ((input.ClosedSteps >> s & 1) != 0) continue;
            ReadOnlySpan<float> at = latents.Slice(s * MarketLatents.Channels, MarketLatents.Channels);
            double volume = scale.PerDay * prior.Shape[s] * Math.Exp(MarketLatents.Clamp(at[MarketLatents.Volume], MarketLatents.Volume));
            if (s == _step)
            {
                if (input.CurrentImpressions > 0) volume = input.CurrentImpressions;
                if (input.Trajectory.Open.Elapsed < 1) volume *= 1 - input.Trajectory.Open.Elapsed;
            }

            double level = logScale + MarketLatents.Clamp(at[MarketLatents.Level], MarketLatents.Level), price = MarketLatents.Clamp(at[MarketLatents.Price], MarketLatents.Price);
            double near = _near.Weight > 0 ? RecentCurve.ShareAt(s, _step, prior.RegimeSteps) : 0;
            if (near < LeastShare) near = 0;
            double richer = level - anchor.Level, dearer = double.IsNaN(anchor.SeenPrice) ? 0 : price - anchor.SeenPrice;
            double shift = logReference + level - price;
            steps[s] = new StepMarket(volume, shift, Math.Exp(price), input.Reference * Math.Exp(level), near, richer - dearer, Math.Exp(dearer), Math.Exp(richer));
            opportunities += volume;
            _lowestShift = Math.Min(_lowestShift, shift);
            reach = Math.Max(reach, prior.LogLast - shift);
            if (!(near > 0)) continue;
            _lowestMove = Math.Min(_lowestMove, richer - dearer);
            reach = Math.Max(reach, _recent.LogLast - (richer - dearer));
        }

        // A sample without opportunities says nothing of how far a multiplier may go.
        if (!(opportunities > 0)) reach = double.PositiveInfinity;
        return opportunities;
    }

    private void Compose(ReadOnlySpan<StepMarket> steps, Span<double> cost, Span<double> value)
    {
        cost.Clear();
        value.Clear();
        foreach (ref readonly StepMarket step in steps)
        {
            if (!(step.Opportunities > 0)) continue;
            if (step.Near < 1)
            {
                double far = step.Opportunities * (1 - step.Near);
                AddMoved(_priorCost, step.Shift - _lowestShift, far * step.Price, cost);
                AddMoved(_priorValue, step.Shift - _lowestShift, far * step.Unit, value);
            }

            if (!(step.Near > 0)) continue;
            double near = step.Opportunities * step.Near;
            AddMoved(_nearCost, step.Move - _lowestMove, near * step.Dearer, cost);
            AddMoved(_nearValue, step.Move - _lowestMove, near * step.Richer, value);
        }

        double highestCost = 0, highestValue = 0;
        for (int i = 0; i < Points; i++)
        {
            cost[i] = highestCost = Math.Max(highestCost, _ratio.CostRatio * cost[i]);
            value[i] = highestValue = Math.Max(highestValue, _ratio.ValueRatio * value[i]);
        }
    }

    /// <summary>Both curves at the grid's spacing, from the lowest place at which a sample reads them: to move a table is cheap, to read a curve 160 times a step is not.</summary>
    private void Tabulate()
    {
        for (int i = 0; i < TablePoints; i++)
        {
            double log = DayForecast.LogLowest + i * DayForecast.LogStep;
            if (double.IsFinite(_lowestShift)) _prior!.AtLog(_lowestShift + log, out _priorCost[i], out _priorValue[i]);
            if (double.IsFinite(_lowestMove)) _near.At(_lowestMove + log, out _nearCost[i], out _nearValue[i]);
        }
    }

    /// <summary>Adds scale x table, read further up by a log distance of at least 0.</summary>
    private static void AddMoved(double[] table, double distance, double scale, Span<double> into)
    {
        double at = distance / DayForecast.LogStep;
        int first = Math.Min((int)at, TablePoints - Points - 1);
        double above = scale * Math.Min(at - first, 1), below = scale - above;
        ReadOnlySpan<double> read = table.AsSpan(first, Points + 1);
        for (int i = 0; i < into.Length; i++) into[i] += below * read[i] + above * read[i + 1];
    }

    private Span<StepMarket> StepsOf(int sample) => _steps.AsSpan(sample * StepClock.StepsPerDay, StepClock.StepsPerDay);

    /// <summary>Cost and value x reference of one step at a log multiplier, before calibration.</summary>
    private void StepFlow(in StepMarket step, double log, out double cost, out double value)
    {
        cost = value = 0;
        if (step.Near < 1)
        {
            _prior!.AtLog(step.Shift + log, out cost, out value);
            cost *= step.Price;
            value *= step.Unit;
        }

        if (step.Near > 0)
        {
            _near.At(log + step.Move, out double nearCost, out double nearValue);
            cost += step.Near * (step.Dearer * nearCost - cost);
            value += step.Near * (step.Richer * nearValue - value);
        }

        cost *= step.Opportunities;
        value *= step.Opportunities;
    }

    private void Reserve()
    {
        int points = Samples * Points;
        if (_cost.Length >= points) return;
        _cost = new double[points];
        _value = new double[points];
        _steps = new StepMarket[Samples * StepClock.StepsPerDay];
    }
}
