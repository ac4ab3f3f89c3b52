using AutoBid.Core.Time;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Threads;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Periods;

/// <summary>
/// Plays a whole day of the <c>auctionnet</c> preset: 48 steps, each decided by the seats' policies from Core's trajectories and settled by one batch
/// of slot auctions. The result is a pure function of the setup: it does not depend on the number of threads. An instance keeps its memory between
/// periods; one caller at a time.
/// </summary>
public sealed class AuctionNetPeriod
{
    private readonly Crew _crew;
    private readonly AgentDays _days = new();
    private readonly CurveBuilder[] _curves;
    private readonly Action<int, int> _generate;
    private readonly Action<int, int> _close;
    private AuctionNetTraffic? _traffic;
    private PeriodStep? _step;
    private IReadOnlyList<SeatAgent> _agents = [];

    /// <param name="threads">Threads that play it, the caller's included.</param>
    public AuctionNetPeriod(int threads = 1)
    {
        _crew = new Crew(threads);
        _curves = [.. Enumerable.Range(0, threads).Select(_ => new CurveBuilder(LogGrid.Multipliers()))];
        _generate = Generate;
        _close = Close;
    }

    /// <summary>Plays the period. Throws when the line-up does not fit the traffic.</summary>
    public PeriodResult Play(PeriodSetup setup, params IReadOnlyList<IPeriodObserver> observers)
    {
        _agents = setup.LineUp.Agents;
        if (_agents.Count != setup.Traffic.Advertisers) throw new ArgumentException("The line-up needs one agent per advertiser.", nameof(setup));
        _traffic = new AuctionNetTraffic(setup.Seed, setup.Period, setup.Traffic);
        var result = new PeriodResult(setup);
        _days.Begin(setup, _crew, setup.Guard, _agents, [.. Enumerable.Range(0, _agents.Count)], result.Rows);
        PeriodStep step = _step = new PeriodStep(_days, new SlotAuction(setup.Rules, _crew), new ConversionModel(_traffic, _crew), _crew);
        var bidPerValue = new float[_agents.Count];
        foreach (IPeriodObserver observer in observers) observer.OnStarted(setup);
        for (int t = 0; t < StepClock.StepsPerDay; t++)
        {
            step.Step = t;
            _traffic.Prepare(t, step.Traffic);
            _crew.Run(_agents.Count, _generate);
            _days.Decide(t, step.Traffic.Opportunities, step.MeanValues);
            foreach (IPeriodObserver observer in observers) observer.OnDecided(step);
            for (int seat = 0; seat < bidPerValue.Length; seat++) bidPerValue[seat] = _days.BidPerValue(seat);
            step.Auction.Play(step.Traffic, bidPerValue, step.Bids, step.Left, new StepDraws(setup.Seed, setup.Period, t));
            step.Conversions.Draw(step.Traffic, step.Auction);
            int opportunities = step.Traffic.Opportunities;
            result.MeanLeastWinningCost[t] = opportunities > 0 ? step.Auction.SumLeastWinningCost / opportunities : 0;
            result.Reruns += step.Auction.Reruns;
            _crew.Run(_agents.Count, _close);
            foreach (IPeriodObserver observer in observers) observer.OnPlayed(step);
            _days.Pay(t);
        }

        foreach (IPeriodObserver observer in observers) observer.OnFinished(result);
        return result;
    }

    private void Generate(int seat, int worker) => _step!.MeanValues[seat] = _traffic!.GenerateRow(seat, _step.Traffic);

    private void Close(int seat, int worker)
    {
        PeriodStep step = _step!;
        StepCurve response = step.Responses[seat];
        double minima = _curves[worker].Response(step.Auction, seat, step.Traffic.Values(seat), _agents[seat].Seat.TargetCpa, response);
        step.SumMinimumToWin[seat] = minima;
        _days.Close(seat, step.Step, step.Auction.Totals[seat], response, minima, step.Auction.Rules);
    }
}
