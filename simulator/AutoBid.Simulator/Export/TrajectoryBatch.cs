using AutoBid.Core.Campaigns;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Export;

/// <summary>
/// Keys in memory, key first: one key is one seat on one period. Units: cost is spend / budget, value is expected value x reference / budget, so
/// cost / value is CPA / target. README.md lists the arrays.
/// </summary>
internal sealed class TrajectoryBatch
{
    private const int Steps = StepClock.StepsPerDay;
    private const int Points = ResponseGrid.Points;

    private readonly TypedColumn<float> _features, _state, _forecastCost, _forecastValue;
    private readonly TypedColumn<float> _action = new("action", Steps), _bidPerValue = new("bidPerValue", Steps), _base = new("base", Steps);
    private readonly TypedColumn<float> _cost = new("cost", Steps), _value = new("value", Steps);
    private readonly TypedColumn<float> _impressions = new("impressions", Steps), _meanValue = new("meanValue", Steps);
    private readonly TypedColumn<short> _reward = new("reward", Steps);
    private readonly TypedColumn<Half> _curveCost = new("curveCost", Steps, Points), _curveValue = new("curveValue", Steps, Points);
    private readonly TypedColumn<Half> _responseCost = new("responseCost", Steps, Points), _responseValue = new("responseValue", Steps, Points);
    private readonly TypedColumn<float> _efficiency = new("efficiency"), _oracle = new("sStar"), _target = new("target"), _budget = new("budget");
    private readonly TypedColumn<int> _period = new("period"), _seat = new("seat"), _lineUp = new("lineup");
    private readonly TypedColumn<sbyte> _split = new("split"), _mode = new("mode"), _category = new("category");
    private readonly TrajectoryColumn[] _columns;

    /// <param name="features">Columns of the feature builder.</param>
    public TrajectoryBatch(int features)
    {
        int probes = ScaleFreeFeatures.Probes.Length;
        _features = new("features", Steps, features);
        _state = new("state", Steps, PeriodRecord.StateWidth);
        _forecastCost = new("forecastCost", Steps, probes);
        _forecastValue = new("forecastValue", Steps, probes);
        _columns =
        [
            _features, _state, _action, _bidPerValue, _base, _cost, _value, _reward, _impressions, _meanValue,
            _curveCost, _curveValue, _responseCost, _responseValue, _forecastCost, _forecastValue,
            _efficiency, _oracle, _period, _seat, _lineUp, _split, _mode, _category, _target, _budget,
        ];
    }

    public int Keys => _period.Values.Length;

    /// <summary>Mean over keys of score / S*.</summary>
    public double MeanEfficiency
    {
        get
        {
            double sum = 0;
            foreach (float efficiency in _efficiency.Values) sum += efficiency;
            return sum / Keys;
        }
    }

    /// <summary>Appends every seat of a period.</summary>
    public void Add(PeriodResult result, PeriodRecord record, FrozenRivals frozen, DataSplit split)
    {
        for (int seat = 0; seat < result.Seats; seat++)
        {
            Seat money = result.SeatOf(seat);
            PacingMode mode = result.Setup.LineUp.Agents[seat].Mode;
            double unit = money.TargetCpa / money.Budget;
            OracleResult oracle = HindsightOracle.BestConstant(frozen.Of(seat), money, mode);
            double score = Score.Of(result.ValueWon(seat), result.Cost(seat), money.TargetCpa);
            _features.Add(record.Features(seat));
            _state.Add(record.State(seat));
            _bidPerValue.Add(record.BidPerValue(seat));
            _base.Add(record.Base(seat));
            _forecastCost.Add(record.ForecastCost(seat));
            _forecastValue.Add(record.ForecastValue(seat));
            _responseCost.Add(record.ResponseCost(seat));
            _responseValue.Add(record.ResponseValue(seat));
            foreach (ref readonly SeatStep step in result.Steps(seat))
            {
                _action.Add((float)Math.Log(step.Multiplier));
                _cost.Add((float)(step.Cost / money.Budget));
                _value.Add((float)(step.ValueWon * unit));
                _reward.Add(checked((short)step.Conversions));
                _impressions.Add(step.Opportunities);
                _meanValue.Add((float)step.MeanValue);
            }

            AddCurves(frozen.Of(seat), money.Budget, unit);
            // In both modes the score over S*: a TargetFirst key that overspends its target is not rewarded for the excess.
            _efficiency.Add(oracle.Score > 0 ? (float)(score / oracle.Score) : 0);
            _oracle.Add((float)(oracle.Score * unit));
            _period.Add(result.Setup.Period);
            _seat.Add(seat);
            _lineUp.Add(result.Setup.LineUp.Id);
            _split.Add((sbyte)split);
            _mode.Add((sbyte)(mode == PacingMode.TargetFirst ? 1 : 0));
            _category.Add((sbyte)AuctionNetSeats.CategoryOf(seat));
            _target.Add((float)money.TargetCpa);
            _budget.Add((float)money.Budget);
        }
    }

    /// <summary>Appends all keys of another batch.</summary>
    public void Append(TrajectoryBatch other)
    {
        for (int i = 0; i < _columns.Length; i++) _columns[i].Append(other._columns[i]);
    }

    public void Write(Stream stream)
    {
        int keys = Keys;
        using var npz = new NpzWriter(stream);
        foreach (TrajectoryColumn column in _columns) column.Write(npz, keys);
    }

    public void Clear()
    {
        foreach (TrajectoryColumn column in _columns) column.Clear();
    }

    private void AddCurves(FrozenDay day, double budget, double unit)
    {
        for (int step = 0; step < Steps; step++)
        {
            ReadOnlySpan<float> costs = day.Cost(step), values = day.Value(step);
            for (int i = 0; i < FrozenDay.Points; i += FrozenDay.Parts)
            {
                _curveCost.Add((Half)(costs[i] / budget));
                _curveValue.Add((Half)(values[i] * unit));
            }
        }
    }
}
