using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Frozen;

/// <summary>
/// Plays candidates beside a period: each takes over its seat against everybody else's bids as they stood in that period, through the real slots,
/// exposure, prices and conversions (policies.md section 1). Rivals do not react, and candidates do not meet each other. The market is made once for
/// all candidates: a further one costs its decisions and one pass over its seat's opportunities. A candidate that decides as the seat did gets what
/// the seat got, as long as the seat could pay for its wins. Reusable, like the period.
/// </summary>
public sealed class FrozenReplay : IPeriodObserver
{
    private readonly AgentDays _days = new();
    private readonly GuardOptions? _guard;
    private readonly SeatAgent[] _agents;
    private readonly int[] _seats;
    private readonly SeatGroup[] _groups;
    private readonly SeatStep[] _rows;
    private readonly Action<int, int> _play;
    private FrozenSeat[] _players = [];
    private PeriodSetup? _setup;
    private PeriodStep? _step;

    /// <param name="guard">Behind every candidate's policy; null: none.</param>
    public FrozenReplay(IReadOnlyList<FrozenEntry> entries, GuardOptions? guard)
    {
        Entries = entries;
        _guard = guard;
        _agents = [.. entries.Select(entry => entry.Agent)];
        _seats = [.. entries.Select(entry => entry.Seat)];
        _rows = new SeatStep[entries.Count * StepClock.StepsPerDay];
        _groups = [.. Enumerable.Range(0, entries.Count).GroupBy(entry => _seats[entry]).Select(group => new SeatGroup(group.Key, [.. group]))];
        _play = Play;
    }

    public IReadOnlyList<FrozenEntry> Entries { get; }

    /// <summary>The 48 steps of one candidate; valid once the period is finished, overwritten by the next.</summary>
    public ReadOnlySpan<SeatStep> Steps(int entry) => _rows.AsSpan(entry * StepClock.StepsPerDay, StepClock.StepsPerDay);

    /// <summary>Totals of one candidate's day.</summary>
    public FrozenOutcome Outcome(int entry)
    {
        double cost = 0, value = 0;
        int conversions = 0;
        foreach (ref readonly SeatStep step in Steps(entry))
        {
            cost += step.Cost;
            value += step.ValueWon;
            conversions += step.Conversions;
        }

        return new FrozenOutcome(cost, value, conversions);
    }

    public void OnStarted(PeriodSetup setup)
    {
        foreach (SeatGroup group in _groups)
        {
            if (group.Seat < 0 || group.Seat >= setup.LineUp.Agents.Count)
                throw new ArgumentException($"The line-up has no seat {group.Seat} for a candidate to take over.", nameof(setup));
        }

        _setup = setup;
    }

    public void OnDecided(PeriodStep step)
    {
        _step = step;
        if (step.Step == 0)
        {
            if (_players.Length != step.Crew.Threads) _players = [.. Enumerable.Range(0, step.Crew.Threads).Select(_ => new FrozenSeat())];
            _days.Begin(_setup!, step.Crew, _guard, _agents, _seats, _rows);
        }

        _days.Decide(step.Step, step.Traffic.Opportunities, step.MeanValues);
    }

    public void OnPlayed(PeriodStep step)
    {
        step.Crew.Run(_groups.Length, _play);
        _days.Pay(step.Step);
    }

    public void OnFinished(PeriodResult result)
    {
    }

    private void Play(int item, int worker)
    {
        SeatGroup group = _groups[item];
        PeriodStep step = _step!;
        FrozenSeat player = _players[worker];
        player.Begin(step, group.Seat);
        StepDraws draws = new(_setup!.Seed, _setup.Period, step.Step);
        foreach (int entry in group.Entries)
        {
            AdvertiserTotals totals = player.Play(_days.BidPerValue(entry), _days.Left[entry], draws);
            double target = _agents[entry].Seat.TargetCpa;
            // Curves are taken at the seat's own target; a candidate with another one sees the same market through its own multipliers.
            StepCurve response = target == step.Inputs[group.Seat].Reference ? step.Responses[group.Seat] : player.Response(target);
            _days.Close(entry, step.Step, totals, response, step.SumMinimumToWin[group.Seat], step.Auction.Rules);
        }
    }

    private sealed record SeatGroup(int Seat, int[] Entries);
}
