using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Frozen;

/// <summary>Records the frozen-rival curves of every seat while a period is played (policies.md section 3, counterfactual logs). Reusable.</summary>
public sealed class FrozenRivals : IPeriodObserver
{
    private readonly CurveBuilder _builder = new(FrozenDay.Grid);
    private readonly StepCurve _curve = new(FrozenDay.Points);
    private FrozenDay[] _days = [];

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
        for (int seat = 0; seat < _days.Length; seat++)
        {
            _builder.Frozen(step.Auction, seat, step.Traffic.Values(seat), step.Inputs[seat].Reference, _curve);
            _days[seat].Set(step.Step, _curve);
        }
    }

    public void OnFinished(PeriodResult result)
    {
    }
}
