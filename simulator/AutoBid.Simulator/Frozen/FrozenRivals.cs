using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Frozen;

/// <summary>Records the frozen-rival curves of every seat while a period is played (policies.md section 3, counterfactual logs). Reusable.</summary>
public sealed class FrozenRivals : IPeriodObserver
{
    private readonly Action<int, int> _record;
    private CurveBuilder[] _builders = [];
    private StepCurve[] _curves = [];
    private FrozenDay[] _days = [];
    private PeriodStep? _step;

    public FrozenRivals() => _record = Record;

    /// <summary>The day of one seat; overwritten by the next period.</summary>
    public FrozenDay Of(int seat) => _days[seat];

    public void OnStarted(PeriodSetup setup)
    {
        if (_days.Length != setup.LineUp.Agents.Count) _days = [.. setup.LineUp.Agents.Select(_ => new FrozenDay())];
    }

    public void OnDecided(PeriodStep step)
    {
    }

    public void OnPlayed(PeriodStep step)
    {
        _step = step;
        if (_builders.Length < step.Crew.Threads)
        {
            _builders = [.. Enumerable.Range(0, step.Crew.Threads).Select(_ => new CurveBuilder(FrozenDay.Grid))];
            _curves = [.. Enumerable.Range(0, step.Crew.Threads).Select(_ => new StepCurve(FrozenDay.Points))];
        }

        step.Crew.Run(_days.Length, _record);
    }

    public void OnFinished(PeriodResult result)
    {
    }

    private void Record(int seat, int worker)
    {
        PeriodStep step = _step!;
        _builders[worker].Frozen(step.Auction, seat, step.Traffic.Values(seat), step.Inputs[seat].Reference, _curves[worker]);
        _days[seat].Set(step.Step, _curves[worker]);
    }
}
