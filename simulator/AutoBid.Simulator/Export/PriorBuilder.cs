using System.Text.Json;
using AutoBid.Core.Time;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Export;

/// <summary>
/// Makes the population prior of training periods: the mean per-opportunity response curve over all advertisers, against the absolute bid per unit
/// of value, with the day's shape (policies.md section 2). The same rule as the policies' own curves: minimum to win, exposure taken as certain.
/// </summary>
public sealed class PriorBuilder : IPeriodObserver
{
    // 64 points are the most the API takes. From a fiftieth of the cheapest target to beyond four times the dearest.
    private const int Points = 64;
    private const double LowestBid = 1;
    private const double HighestBid = 1000;

    private readonly CurveBuilder _builder = new(new LogGrid(LowestBid, HighestBid, Points));
    private readonly StepCurve _curve = new(Points);
    private readonly double[] _cost = new double[Points];
    private readonly double[] _value = new double[Points];
    private readonly double[] _volume = new double[StepClock.StepsPerDay];
    private readonly List<(double Now, double Next)> _levels = [];
    private readonly List<int> _periods = [];
    private double _opportunities;
    private double _values;
    private double _references;
    private int _keys;
    private ulong _seed;
    private string _lineUp = "";
    private int _regimeSteps;

    /// <summary>Periods seen.</summary>
    public int Periods => _periods.Count;

    public void OnStarted(PeriodSetup setup)
    {
        _periods.Add(setup.Period);
        _seed = setup.Seed;
        _lineUp = setup.LineUp.Name;
        _regimeSteps = setup.Traffic.RegimeSteps;
    }

    public void OnDecided(PeriodStep step)
    {
    }

    public void OnPlayed(PeriodStep step)
    {
        SlotAuction auction = step.Auction;
        for (int seat = 0; seat < step.Inputs.Length; seat++)
        {
            ReadOnlySpan<float> values = step.Traffic.Values(seat);
            _builder.Response(auction, seat, values, reference: 1, _curve);
            for (int i = 0; i < Points; i++)
            {
                _cost[i] += _curve.Cost[i];
                _value[i] += _curve.Value[i];
            }

            foreach (float value in values) _values += value;
            _opportunities += values.Length;
        }

        _volume[step.Step] += step.Traffic.Opportunities;
    }

    public void OnFinished(PeriodResult result)
    {
        for (int seat = 0; seat < result.Seats; seat++)
        {
            _references += result.SeatOf(seat).TargetCpa;
            _keys++;
            ReadOnlySpan<SeatStep> steps = result.Steps(seat);
            for (int next = _regimeSteps; next < StepClock.StepsPerDay; next += _regimeSteps)
            {
                double before = Level(steps[(next - _regimeSteps)..next]);
                double after = Level(steps[next..Math.Min(next + _regimeSteps, StepClock.StepsPerDay)]);
                if (before > 0 && after > 0) _levels.Add((Math.Log(before), Math.Log(after)));
            }
        }
    }

    /// <summary>The prior of everything seen so far. Throws before the first period.</summary>
    public PriorFile Build(string name, int version)
    {
        if (_keys == 0 || _opportunities == 0) throw new InvalidOperationException("A prior needs at least one period.");
        double total = _volume.Sum();
        return new PriorFile
        {
            Name = name,
            Version = version,
            BidPerValue = [.. _builder.Grid.Points.ToArray().Select(point => (double)point)],
            Cost = Array.ConvertAll(_cost, sum => sum / _opportunities),
            Value = Array.ConvertAll(_value, sum => sum / _opportunities),
            MeanValue = _values / _opportunities,
            Reference = _references / _keys,
            Shape = Array.ConvertAll(_volume, volume => volume / total),
            OpportunitiesPerDay = total / _periods.Count,
            RegimeSteps = _regimeSteps,
            LevelPersistence = Persistence(),
            Source = new Dictionary<string, JsonElement>(StringComparer.Ordinal)
            {
                ["generator"] = JsonSerializer.SerializeToElement("auctionnet"),
                ["seed"] = JsonSerializer.SerializeToElement(_seed),
                ["periods"] = JsonSerializer.SerializeToElement(_periods),
                ["lineup"] = JsonSerializer.SerializeToElement(_lineUp),
            },
        };
    }

    /// <summary>Correlation of a campaign's log value level in one regime with that of the next, within [0, 1].</summary>
    private double Persistence()
    {
        // A regime of the whole day has no next one.
        if (_levels.Count == 0) return 0;
        double mean = _levels.Average(pair => 0.5 * (pair.Now + pair.Next));
        double variance = 0, covariance = 0;
        foreach ((double now, double next) in _levels)
        {
            variance += 0.5 * ((now - mean) * (now - mean) + (next - mean) * (next - mean));
            covariance += (now - mean) * (next - mean);
        }

        return variance > 0 ? Math.Clamp(covariance / variance, 0, 1) : 0;
    }

    private static double Level(ReadOnlySpan<SeatStep> steps)
    {
        double sum = 0, count = 0;
        foreach (ref readonly SeatStep step in steps)
        {
            sum += step.MeanValue * step.Opportunities;
            count += step.Opportunities;
        }

        return count > 0 ? sum / count : 0;
    }
}
