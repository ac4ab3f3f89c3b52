using AutoBid.Core.Features;

namespace AutoBid.Core.Response;

/// <summary>
/// What an average campaign of earlier days meets (policies.md section 2): mean cost and value per opportunity against the absolute bid per unit
/// of value, with the day's shape. Immutable. Curves are resampled once to equally spaced logarithms, so that a look-up is an index.
/// </summary>
public sealed class PopulationPrior
{
    private const int Samples = 192;

    private readonly double[] _cost;
    private readonly double[] _value;
    private readonly double _logFirst;
    private readonly double _logStep;
    private readonly double _perLogStep;

    /// <param name="bidPerValue">2 or more ascending points, account currency per unit of value.</param>
    /// <param name="cost">Mean cost per opportunity at each point, account currency; not falling.</param>
    /// <param name="value">Mean value won per opportunity at each point; not falling.</param>
    /// <param name="meanValue">Mean predicted value per opportunity of the population the curve comes from.</param>
    /// <param name="reference">Mean reference price of that population, account currency per unit of value.</param>
    /// <param name="shape">48 shares of the day's opportunities, or empty: flat.</param>
    /// <param name="opportunitiesPerDay">Mean opportunities of a campaign and day; 0: unknown.</param>
    /// <param name="regimeSteps">Value levels re-draw every so many steps; 0: unknown.</param>
    /// <param name="levelPersistence">Share of a campaign's own value level (log) that outlives a regime, 0..1.</param>
    /// <exception cref="ArgumentException">Points that are too few, not ascending, not finite or negative.</exception>
    public PopulationPrior(
        ReadOnlySpan<double> bidPerValue,
        ReadOnlySpan<double> cost,
        ReadOnlySpan<double> value,
        double meanValue,
        double reference,
        ReadOnlySpan<double> shape = default,
        double opportunitiesPerDay = 0,
        int regimeSteps = 0,
        double levelPersistence = 0)
    {
        if (ResponsePoints.Check(bidPerValue, cost, value) is { } problem) throw new ArgumentException(problem, nameof(bidPerValue));
        if (!(meanValue > 0) || !double.IsFinite(meanValue)) throw new ArgumentException("meanValue must be above 0", nameof(meanValue));
        if (!(reference > 0) || !double.IsFinite(reference)) throw new ArgumentException("reference must be above 0", nameof(reference));
        if (shape.Length is not 0 and not Time.StepClock.StepsPerDay) throw new ArgumentException("shape needs 48 shares", nameof(shape));
        if (regimeSteps is < 0 or > Time.StepClock.StepsPerDay) throw new ArgumentException("regimeSteps must lie in 0..48", nameof(regimeSteps));
        if (!(levelPersistence >= 0 && levelPersistence <= 1)) throw new ArgumentException("levelPersistence must lie in 0..1", nameof(levelPersistence));

        MeanValue = meanValue;
        Reference = reference;
        OpportunitiesPerDay = opportunitiesPerDay;
        RegimeSteps = regimeSteps;
        LevelPersistence = levelPersistence;
        Shape = NormalisedShape(shape);
        _logFirst = Math.Log(bidPerValue[0]);
        _logStep = (Math.Log(bidPerValue[^1]) - _logFirst) / (Samples - 1);
        _perLogStep = 1 / _logStep;
        _cost = new double[Samples];
        _value = new double[Samples];
        ResponsePoints.Resample(bidPerValue, cost, _logFirst, _logStep, _cost);
        ResponsePoints.Resample(bidPerValue, value, _logFirst, _logStep, _value);
        Contents = Hash();
    }

    private PopulationPrior(PopulationPrior all, PopulationPrior curve)
    {
        (MeanValue, Reference, OpportunitiesPerDay, RegimeSteps, LevelPersistence, Shape) =
            (all.MeanValue, all.Reference, all.OpportunitiesPerDay, all.RegimeSteps, all.LevelPersistence, all.Shape);
        (_cost, _value, _logFirst, _logStep, _perLogStep) = (curve._cost, curve._value, curve._logFirst, curve._logStep, curve._perLogStep);
        Contents = Hash();
    }

    /// <summary>Of all that a forecast reads: equal for priors that say the same, such as one that comes with every request.</summary>
    internal UInt128 Contents { get; }

    /// <summary>Log of the highest bid per value that the curve has a point for.</summary>
    internal double LogLast => _logFirst + (Samples - 1) * _logStep;

    public double MeanValue { get; }

    public double Reference { get; }

    public double OpportunitiesPerDay { get; }

    /// <summary>Steps of a value regime; 0: unknown.</summary>
    public int RegimeSteps { get; }

    public double LevelPersistence { get; }

    /// <summary>48 shares of the day's opportunities, summing to 1.</summary>
    public double[] Shape { get; }

    /// <summary>
    /// Cost and value of one average opportunity at a bid per value, for a campaign whose value level is <paramref name="level"/> times the population's:
    /// cost(level x b), level x value(level x b).
    /// </summary>
    public void At(double logBidPerValue, double level, out double cost, out double value)
    {
        AtLog(logBidPerValue + Math.Log(level), out cost, out value);
        value *= level;
    }

    /// <summary>The population's own curve: cost and value of one average opportunity at a log bid per value.</summary>
    internal void AtLog(double log, out double cost, out double value)
    {
        double at = (log - _logFirst) * _perLogStep;
        if (at <= 0)
        {
            // Below the first point cost falls with the square of the bid (price and win rate), value with the bid.
            double fall = Math.Exp(at * _logStep);
            cost = _cost[0] * fall * fall;
            value = _value[0] * fall;
            return;
        }

        if (at >= Samples - 1)
        {
            cost = _cost[Samples - 1];
            value = _value[Samples - 1];
            return;
        }

        int i = (int)at;
        double part = at - i;
        cost = _cost[i] + part * (_cost[i + 1] - _cost[i]);
        value = _value[i] + part * (_value[i + 1] - _value[i]);
    }

    /// <summary>This prior with cost and value of another, whose amounts are in the same units.</summary>
    public PopulationPrior WithCurveOf(PopulationPrior other) => new(this, other);

    /// <summary>Account currency per unit of value bought at a truthful bid: where a MaxConversions reference starts.</summary>
    public double MarketCpa()
    {
        At(Math.Log(Reference), 1, out double cost, out double value);
        return value > 0 ? cost / value : Reference;
    }

    private UInt128 Hash()
    {
        var hash = new ContentHash();
        foreach (double number in (ReadOnlySpan<double>)[MeanValue, Reference, OpportunitiesPerDay, RegimeSteps, LevelPersistence, _logFirst, _logStep]) hash.Add(number);
        foreach (double[] numbers in (ReadOnlySpan<double[]>)[Shape, _cost, _value])
        {
            foreach (double number in numbers) hash.Add(number);
        }

        return hash.Value;
    }

    private static double[] NormalisedShape(ReadOnlySpan<double> shape)
    {
        var shares = new double[Time.StepClock.StepsPerDay];
        double sum = 0;
        for (int i = 0; i < shares.Length; i++)
        {
            double share = shape.IsEmpty ? 1 : shape[i];
            if (!(share >= 0) || !double.IsFinite(share)) throw new ArgumentException("shape must not be negative", nameof(shape));
            shares[i] = share;
            sum += share;
        }

        if (!(sum > 0)) throw new ArgumentException("shape must not be all zero", nameof(shape));
        for (int i = 0; i < shares.Length; i++) shares[i] /= sum;
        return shares;
    }
}
