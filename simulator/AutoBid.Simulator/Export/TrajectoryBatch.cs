using AutoBid.Core.Campaigns;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;

namespace AutoBid.Simulator.Export;

/// <summary>
/// The keys of a shard in memory, key first: one key is one seat on one period. Units: cost is spend / budget, value is expected value x reference /
/// budget, so cost / value is CPA / target. README.md lists the arrays.
/// </summary>
internal sealed class TrajectoryBatch(int features)
{
    private const int Steps = StepClock.StepsPerDay;

    private readonly int _probes = ScaleFreeFeatures.Probes.Length;

    private readonly List<float> _features = [], _action = [], _base = [], _cost = [], _value = [], _impressions = [], _meanValue = [];
    private readonly List<float> _forecastCost = [], _forecastValue = [], _efficiency = [], _oracle = [], _target = [], _budget = [];
    private readonly List<Half> _curveCost = [], _curveValue = [], _responseCost = [], _responseValue = [];
    private readonly List<int> _period = [], _seat = [], _lineUp = [];
    private readonly List<sbyte> _split = [], _mode = [];

    public int Keys => _period.Count;

    /// <summary>Appends every seat of a period.</summary>
    public void Add(PeriodResult result, PeriodRecord record, FrozenRivals frozen, DataSplit split)
    {
        for (int seat = 0; seat < result.Seats; seat++)
        {
            var money = result.SeatOf(seat);
            PacingMode mode = result.Setup.LineUp.Agents[seat].Mode;
            double unit = money.TargetCpa / money.Budget;
            OracleResult oracle = HindsightOracle.BestConstant(frozen.Of(seat), money, mode);
            double score = Score.Of(result.ValueWon(seat), result.Cost(seat), money.TargetCpa);
            _features.AddRange(record.Features(seat));
            _base.AddRange(record.Base(seat));
            _forecastCost.AddRange(record.ForecastCost(seat));
            _forecastValue.AddRange(record.ForecastValue(seat));
            _responseCost.AddRange(record.ResponseCost(seat));
            _responseValue.AddRange(record.ResponseValue(seat));
            foreach (ref readonly SeatStep step in result.Steps(seat))
            {
                _action.Add((float)Math.Log(step.Multiplier));
                _cost.Add((float)(step.Cost / money.Budget));
                _value.Add((float)(step.ValueWon * unit));
                _impressions.Add(step.Opportunities);
                _meanValue.Add((float)step.MeanValue);
            }

            FrozenDay day = frozen.Of(seat);
            for (int step = 0; step < Steps; step++)
            {
                for (int i = 0; i < FrozenDay.Points; i += FrozenDay.Parts)
                {
                    _curveCost.Add((Half)(day.Cost(step)[i] / money.Budget));
                    _curveValue.Add((Half)(day.Value(step)[i] * unit));
                }
            }

            // In both modes the score over S*: a TargetFirst key that overspends its target is not rewarded for the excess.
            _efficiency.Add(oracle.Score > 0 ? (float)(score / oracle.Score) : 0);
            _oracle.Add((float)(oracle.Score * unit));
            _period.Add(result.Setup.Period);
            _seat.Add(seat);
            _lineUp.Add(result.Setup.LineUp.Id);
            _split.Add((sbyte)split);
            _mode.Add((sbyte)(mode == PacingMode.TargetFirst ? 1 : 0));
            _target.Add((float)money.TargetCpa);
            _budget.Add((float)money.Budget);
        }
    }

    public void Write(Stream stream)
    {
        int n = Keys;
        const int Points = ResponseGrid.Points;
        using var npz = new NpzWriter(stream);
        npz.Write("features", Span(_features), n, Steps, features);
        npz.Write("action", Span(_action), n, Steps);
        npz.Write("base", Span(_base), n, Steps);
        npz.Write("cost", Span(_cost), n, Steps);
        npz.Write("value", Span(_value), n, Steps);
        npz.Write("impressions", Span(_impressions), n, Steps);
        npz.Write("meanValue", Span(_meanValue), n, Steps);
        npz.Write("curveCost", Span(_curveCost), n, Steps, Points);
        npz.Write("curveValue", Span(_curveValue), n, Steps, Points);
        npz.Write("responseCost", Span(_responseCost), n, Steps, Points);
        npz.Write("responseValue", Span(_responseValue), n, Steps, Points);
        npz.Write("forecastCost", Span(_forecastCost), n, Steps, _probes);
        npz.Write("forecastValue", Span(_forecastValue), n, Steps, _probes);
        npz.Write("efficiency", Span(_efficiency), n);
        npz.Write("sStar", Span(_oracle), n);
        npz.Write("period", Span(_period), n);
        npz.Write("seat", Span(_seat), n);
        npz.Write("lineup", Span(_lineUp), n);
        npz.Write("split", Span(_split), n);
        npz.Write("mode", Span(_mode), n);
        npz.Write("target", Span(_target), n);
        npz.Write("budget", Span(_budget), n);
    }

    public void Clear()
    {
        foreach (List<float> list in (List<float>[])[_features, _action, _base, _cost, _value, _impressions, _meanValue, _forecastCost, _forecastValue, _efficiency, _oracle, _target, _budget])
            list.Clear();
        foreach (List<Half> list in (List<Half>[])[_curveCost, _curveValue, _responseCost, _responseValue]) list.Clear();
        foreach (List<int> list in (List<int>[])[_period, _seat, _lineUp]) list.Clear();
        _split.Clear();
        _mode.Clear();
    }

    private static ReadOnlySpan<T> Span<T>(List<T> list) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(list);
}
