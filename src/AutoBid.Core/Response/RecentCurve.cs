using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Response;

/// <summary>Response curve per opportunity over the recent closed steps. Its buffers are reused by <see cref="DayForecast"/>.</summary>
internal sealed class RecentCurve
{
    /// <summary>Steps over which a recent curve loses its weight where the regime length is unknown.</summary>
    public const double DecaySteps = 4;

    private static readonly double LogOfGrid = ResponseGrid.Logs[0];
    private static readonly double PerLogStep = 1 / ResponseGrid.LogStep;

    private readonly double[] _cost = new double[ResponseGrid.Points];
    private readonly double[] _value = new double[ResponseGrid.Points];
    private double _impressions;
    private double _sumValue;

    /// <summary>Market signals behind the curve.</summary>
    public double Signals { get; private set; }

    /// <summary>First and last grid point that every summed step knew: API curves may cover part of the grid only (NaN elsewhere).</summary>
    public int First { get; private set; }

    public int Last { get; private set; }

    /// <summary>The first step that was summed, whether it had a curve or not.</summary>
    public int Since { get; private set; }

    /// <summary>Mean predicted value of the opportunities behind the curve.</summary>
    public double MeanValue => _impressions > 0 ? _sumValue / _impressions : 0;

    public bool IsKnown => Signals > 0 && _impressions > 0 && Last > First;

    public double LogFirst => ResponseGrid.Logs[First];

    public double LogLast => ResponseGrid.Logs[Last];

    public double FirstCost => _cost[First];

    public double FirstValue => _value[First];

    public double LastCost => _cost[Last];

    public double LastValue => _value[Last];

    /// <summary>How far the recent curve speaks for a later step: 1 inside the current regime and 0 beyond; where its length is unknown, less and less.</summary>
    public static double ShareAt(int later, int step, int regime)
        => regime > 0 ? (later / regime == step / regime ? 1 : 0) : Math.Exp(-(later - step) / DecaySteps);

    /// <summary>The first step that is summed when <paramref name="step"/> is decided; the last is the one before it.</summary>
    public static int FirstStep(in ForecastInput input, int step)
    {
        if (input.RecentCurvesOnly) return Math.Max(0, step - TrajectoryStore.DefaultCurvesKept);
        return input.Prior is { RegimeSteps: > 0 } prior ? step / prior.RegimeSteps * prior.RegimeSteps : Math.Max(0, step - (int)DecaySteps);
    }

    /// <summary>Sums the closed steps of the current regime; the last ones where its length is unknown; all that a live engine keeps where nothing else counts.</summary>
    public void Sum(in ForecastInput input)
    {
        Array.Clear(_cost);
        Array.Clear(_value);
        int step = input.Trajectory.Closed;
        int first = FirstStep(input, step);
        Since = first;
        Signals = 0;
        _impressions = 0;
        _sumValue = 0;
        for (int s = first; s < step; s++)
        {
            ref readonly StepRow row = ref input.Trajectory.Rows[s];
            if (row.Impressions <= 0 || !input.Trajectory.TryGetCurve(s, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value)) continue;
            double covered = row.Coverage;
            for (int k = 0; k < ResponseGrid.Points; k++)
            {
                _cost[k] += covered * (double)cost[k];
                _value[k] += covered * (double)value[k];
            }

            _impressions += row.Impressions;
            _sumValue += row.SumValue;
            Signals += row.Signals > 0 ? row.Signals : row.Impressions;
        }

        First = 0;
        Last = ResponseGrid.Points - 1;
        if (_impressions <= 0) return;
        double scale = input.Budget / _impressions;
        for (int k = 0; k < ResponseGrid.Points; k++)
        {
            _cost[k] *= scale;
            _value[k] *= scale;
        }

        while (First < Last && double.IsNaN(_cost[First])) First++;
        while (Last > First && double.IsNaN(_cost[Last])) Last--;
    }

    /// <summary>Cost and value x reference of one opportunity at a log multiplier inside [<see cref="LogFirst"/>, <see cref="LogLast"/>].</summary>
    public void At(double log, out double cost, out double value)
    {
        double at = (log - LogOfGrid) * PerLogStep;
        int i = Math.Clamp((int)at, First, Last - 1);
        double part = Math.Clamp(at - i, 0, 1);
        cost = _cost[i] + part * (_cost[i + 1] - _cost[i]);
        value = _value[i] + part * (_value[i + 1] - _value[i]);
    }
}
