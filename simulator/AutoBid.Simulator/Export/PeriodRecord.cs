using System.Runtime.Intrinsics;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Export;

/// <summary>
/// What a model would have seen: feature rows as the served builder writes them, the benchmark's state, MPC's own answer in the same state, and the
/// projections at the builder's probes; and the benchmark's action. Recorded while a period is played; reusable.
/// </summary>
internal sealed class PeriodRecord(IFeatureBuilder builder) : IPeriodObserver
{
    private const int Steps = StepClock.StepsPerDay;
    private const int Points = ResponseGrid.Points;

    /// <summary>Columns of the benchmark's state.</summary>
    public const int StateWidth = 16;

    private readonly AuctionNetFeatures _benchmark = new();
    private readonly int _width = builder.Columns.Count;
    private readonly int _probes = ScaleFreeFeatures.Probes.Length;
    private readonly DayForecast _forecast = new();
    private float[] _features = [];
    private float[] _state = [];
    private float[] _bidPerValue = [];
    private float[] _base = [];
    private float[] _forecastCost = [];
    private float[] _forecastValue = [];
    private Half[] _responseCost = [];
    private Half[] _responseValue = [];

    /// <summary>48 x columns.</summary>
    public ReadOnlySpan<float> Features(int seat) => _features.AsSpan(seat * Steps * _width, Steps * _width);

    /// <summary>48 x 16: the benchmark's state as known when the step was decided.</summary>
    public ReadOnlySpan<float> State(int seat) => _state.AsSpan(seat * Steps * StateWidth, Steps * StateWidth);

    /// <summary>48 x sum of the bids that stood / sum of predicted value: the benchmark's action, account currency per conversion; 0 without value.</summary>
    public ReadOnlySpan<float> BidPerValue(int seat) => _bidPerValue.AsSpan(seat * Steps, Steps);

    /// <summary>48 log multipliers of MPC; NaN where it could not project.</summary>
    public ReadOnlySpan<float> Base(int seat) => _base.AsSpan(seat * Steps, Steps);

    /// <summary>48 x probes: projected cost of the rest of the day / budget; NaN where unknown.</summary>
    public ReadOnlySpan<float> ForecastCost(int seat) => _forecastCost.AsSpan(seat * Steps * _probes, Steps * _probes);

    /// <summary>48 x probes: projected value x reference / budget; NaN where unknown.</summary>
    public ReadOnlySpan<float> ForecastValue(int seat) => _forecastValue.AsSpan(seat * Steps * _probes, Steps * _probes);

    /// <summary>48 x 24: response curve of the played step, cost / budget.</summary>
    public ReadOnlySpan<Half> ResponseCost(int seat) => _responseCost.AsSpan(seat * Steps * Points, Steps * Points);

    /// <summary>48 x 24: response curve of the played step, value x reference / budget.</summary>
    public ReadOnlySpan<Half> ResponseValue(int seat) => _responseValue.AsSpan(seat * Steps * Points, Steps * Points);

    public void OnStarted(PeriodSetup setup)
    {
        int keys = setup.LineUp.Agents.Count;
        if (_base.Length == keys * Steps) return;
        _features = new float[keys * Steps * _width];
        _state = new float[keys * Steps * StateWidth];
        _bidPerValue = new float[keys * Steps];
        _base = new float[keys * Steps];
        _forecastCost = new float[keys * Steps * _probes];
        _forecastValue = new float[keys * Steps * _probes];
        _responseCost = new Half[keys * Steps * Points];
        _responseValue = new Half[keys * Steps * Points];
    }

    public void OnDecided(PeriodStep step)
    {
        for (int seat = 0; seat < step.Inputs.Length; seat++)
        {
            ref readonly PolicyInput input = ref step.Inputs[seat];
            int row = seat * Steps + step.Step;
            var features = new FeatureInput { Forecast = input.Forecast, TargetFirst = input.Mode == PacingMode.TargetFirst, HasTarget = input.HasTarget };
            builder.Write(features, _forecast, _features.AsSpan(row * _width, _width));
            _benchmark.Write(features, _forecast, _state.AsSpan(row * StateWidth, StateWidth));
            _base[row] = MpcPolicy.TryPlan(input, _forecast, out double multiplier) ? (float)Math.Log(multiplier) : float.NaN;
            for (int probe = 0; probe < _probes; probe++)
            {
                double at = ScaleFreeFeatures.Probes[probe];
                _forecastCost[row * _probes + probe] = _forecast.IsKnown ? (float)(_forecast.CostAt(at) / input.Budget) : float.NaN;
                _forecastValue[row * _probes + probe] = _forecast.IsKnown ? (float)(_forecast.ValueAt(at) / input.Budget) : float.NaN;
            }
        }
    }

    public void OnPlayed(PeriodStep step)
    {
        for (int seat = 0; seat < step.Inputs.Length; seat++)
        {
            ref readonly PolicyInput input = ref step.Inputs[seat];
            double values = step.MeanValues[seat] * step.Traffic.Opportunities;
            _bidPerValue[seat * Steps + step.Step] = values > 0 ? (float)(Sum(step.Bids.Row(seat)) / values) : 0;
            StepCurve curve = step.Responses[seat];
            int at = (seat * Steps + step.Step) * Points;
            for (int i = 0; i < Points; i++)
            {
                // Through float, as the trajectory store rounds: features made of the export must be those that the engine serves.
                _responseCost[at + i] = (Half)(float)(curve.Cost[i] / input.Budget);
                _responseValue[at + i] = (Half)(float)(curve.Value[i] * input.Reference / input.Budget);
            }
        }
    }

    public void OnFinished(PeriodResult result)
    {
    }

    // Four chains in a fixed order: the same on every machine whatever its vector length.
    private static double Sum(ReadOnlySpan<float> numbers)
    {
        Vector128<double> low = Vector128<double>.Zero, high = Vector128<double>.Zero;
        int i = 0;
        for (; i <= numbers.Length - Vector128<float>.Count; i += Vector128<float>.Count)
        {
            (Vector128<double> first, Vector128<double> second) = Vector128.Widen(Vector128.Create(numbers.Slice(i, Vector128<float>.Count)));
            low += first;
            high += second;
        }

        double sum = Vector128.Sum(low + high);
        for (; i < numbers.Length; i++) sum += numbers[i];
        return sum;
    }
}
