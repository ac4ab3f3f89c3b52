using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Oracles;

/// <summary>What both knapsack oracles share: a histogram of prices per seat, filled while a period is played. Reusable.</summary>
public abstract class KnapsackOracle : IPeriodObserver
{
    private readonly Action<int, int> _collect;
    private PriceHistogram[] _seats = [];
    private IReadOnlyList<Seat> _money = [];
    private PacingMode[] _modes = [];
    private PeriodStep? _step;

    private protected KnapsackOracle() => _collect = (seat, _) =>
        Collect(_step!.Auction, seat, _step.Traffic.Values(seat), (float)_money[seat].TargetCpa, _seats[seat]);

    /// <summary>The best of one seat with the money and mode that it played with; valid once the period is finished.</summary>
    public OracleBound Best(int seat) => Best(seat, _money[seat], _modes[seat]);

    /// <summary>The best with other money or in another mode, everybody else's bids as they stood.</summary>
    public OracleBound Best(int seat, Seat money, PacingMode mode) => _seats[seat].Best(money, mode);

    public void OnStarted(PeriodSetup setup)
    {
        _money = [.. setup.LineUp.Agents.Select(agent => agent.Seat)];
        _modes = [.. setup.LineUp.Agents.Select(agent => agent.Mode)];
        if (_seats.Length != _money.Count) _seats = [.. _money.Select(_ => new PriceHistogram())];
        foreach (PriceHistogram seat in _seats) seat.Clear();
    }

    public void OnDecided(PeriodStep step)
    {
    }

    public void OnPlayed(PeriodStep step)
    {
        Prepare(step.Auction);
        _step = step;
        step.Crew.Run(_seats.Length, _collect);
    }

    public void OnFinished(PeriodResult result)
    {
    }

    /// <summary>What does not depend on the seat.</summary>
    private protected abstract void Prepare(SlotAuction auction);

    /// <summary>Enters the items of a played step for one seat; several seats may be entered at the same time.</summary>
    private protected abstract void Collect(SlotAuction auction, int seat, ReadOnlySpan<float> values, float target, PriceHistogram into);
}
