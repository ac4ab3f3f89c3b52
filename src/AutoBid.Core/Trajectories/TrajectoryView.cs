using AutoBid.Core.Response;
using AutoBid.Core.Time;

namespace AutoBid.Core.Trajectories;

/// <summary>One campaign's day so far, as policies and feature builders read it. No copy: it looks into the store's arrays.</summary>
public readonly struct TrajectoryView
{
    private readonly StepRow[] _rows;
    private readonly Half[] _curves;
    private readonly ulong _curveMask;
    private readonly int _rowStart;
    private readonly int _curveStart;
    private readonly int _curvesKept;
    private readonly int _written;

    internal TrajectoryView(StepRow[] rows, int rowStart, Half[] curves, int curveStart, int closed, ulong curveMask, int curvesKept)
        : this(rows, rowStart, curves, curveStart, closed, curveMask, curvesKept, closed)
    {
    }

    private TrajectoryView(StepRow[] rows, int rowStart, Half[] curves, int curveStart, int closed, ulong curveMask, int curvesKept, int written)
    {
        _rows = rows;
        _rowStart = rowStart;
        _curves = curves;
        _curveStart = curveStart;
        Closed = closed;
        _curveMask = curveMask;
        _curvesKept = curvesKept;
        _written = written;
    }

    /// <summary>Number of closed steps, 0..48: the index of the running step.</summary>
    public int Closed { get; }

    /// <summary>The closed rows, oldest first.</summary>
    public ReadOnlySpan<StepRow> Rows => _rows.AsSpan(_rowStart, Closed);

    /// <summary>The running step's partial row (zero when nothing is known); after the last step, the last row.</summary>
    public ref readonly StepRow Open => ref _rows[_rowStart + Math.Min(Closed, StepClock.StepsPerDay - 1)];

    /// <summary>The same day as it looked when only <paramref name="closed"/> steps were closed; the row of that step becomes the open one.</summary>
    public TrajectoryView AsOf(int closed)
        => closed <= Closed
            ? new TrajectoryView(_rows, _rowStart, _curves, _curveStart, closed, _curveMask, _curvesKept, _written)
            : throw new ArgumentOutOfRangeException(nameof(closed));

    /// <summary>
    /// The response curve of a closed step: 24 x cost / budget and 24 x value x reference / budget.
    /// False when the step has none or its curve is no longer kept.
    /// </summary>
    public bool TryGetCurve(int step, out ReadOnlySpan<Half> cost, out ReadOnlySpan<Half> value)
    {
        if ((uint)step >= (uint)Closed || step < _written - _curvesKept || (_curveMask >> step & 1) == 0)
        {
            cost = value = default;
            return false;
        }

        int start = _curveStart + step % _curvesKept * TrajectoryStore.CurveStride;
        cost = _curves.AsSpan(start, ResponseGrid.Points);
        value = _curves.AsSpan(start + ResponseGrid.Points, ResponseGrid.Points);
        return true;
    }
}
