using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Periods;

/// <summary>
/// Plays a whole day of the <c>auctionnet</c> preset: 48 steps, each decided by the seats' policies from Core's trajectories and settled by one batch
/// of slot auctions. The result is a pure function of the setup. An instance keeps its trajectories' memory between periods; it is not thread-safe.
/// </summary>
/// <param name="threads">Threads that play it, the caller's included; the result does not depend on their number.</param>
public sealed class AuctionNetPeriod(int threads = 1)
{
    private readonly int _threads = threads;
    private readonly TrajectoryStore _store = new(StepClock.StepsPerDay);
    private readonly CurveBuilder _curves = new(LogGrid.Multipliers());
    private readonly List<int> _blocks = [];
    private readonly List<string> _names = [];
    private readonly float[] _cost = new float[ResponseGrid.Points];
    private readonly float[] _value = new float[ResponseGrid.Points];

    /// <summary>Plays the period. Throws when the line-up does not fit the traffic.</summary>
    public PeriodResult Play(PeriodSetup setup, params IReadOnlyList<IPeriodObserver> observers)
    {
        IReadOnlyList<SeatAgent> agents = setup.LineUp.Agents;
        if (agents.Count != setup.Traffic.Advertisers) throw new ArgumentException("The line-up needs one agent per advertiser.", nameof(setup));
        var traffic = new AuctionNetTraffic(setup.Seed, setup.Period, setup.Traffic);
        var decisions = new SeatDecisions(setup.LineUp, setup.Guard, setup.Seed, setup.Period);
        var conversions = new ConversionModel(traffic);
        var result = new PeriodResult(setup);
        var step = new PeriodStep(agents.Count, new SlotAuction(setup.Rules));
        for (int seat = 0; seat < agents.Count; seat++)
        {
            if (seat == _blocks.Count)
            {
                _blocks.Add(_store.Rent());
                _names.Add($"seat-{seat:D2}");
            }

            _store.Reset(_blocks[seat]);
            step.Left[seat] = agents[seat].Seat.Budget;
        }

        foreach (IPeriodObserver observer in observers) observer.OnStarted(setup);
        for (int t = 0; t < StepClock.StepsPerDay; t++)
        {
            step.Step = t;
            traffic.Generate(t, step.Traffic);
            Decide(setup, decisions, step, result);
            foreach (IPeriodObserver observer in observers) observer.OnDecided(step);
            Auction(setup, agents, step);
            conversions.Draw(step.Traffic, step.Auction);
            Account(agents, step, result);
            foreach (IPeriodObserver observer in observers) observer.OnPlayed(step);
            Close(agents, step, result);
        }

        foreach (IPeriodObserver observer in observers) observer.OnFinished(result);
        return result;
    }

    private void Decide(PeriodSetup setup, SeatDecisions decisions, PeriodStep step, PeriodResult result)
    {
        IReadOnlyList<SeatAgent> agents = setup.LineUp.Agents;
        for (int seat = 0; seat < agents.Count; seat++)
        {
            SeatAgent agent = agents[seat];
            ref SeatStep row = ref result.At(seat, step.Step);
            row.Opportunities = step.Traffic.Opportunities;
            row.MeanValue = Mean(step.Traffic.Values(seat));
            row.LeftBefore = step.Left[seat];
            step.Inputs[seat] = new PolicyInput
            {
                CampaignId = _names[seat],
                Objective = Objective.TargetCpa,
                Mode = agent.Mode,
                Budget = agent.Seat.Budget,
                Reference = agent.Seat.TargetCpa,
                MinMultiplier = agent.MinMultiplier,
                MaxMultiplier = agent.MaxMultiplier,
                AccountConstant = decisions.AccountConstant(seat),
                Trajectory = _store.View(_blocks[seat]),
                Prior = agent.Prior,
                CurrentImpressions = agent.KnowsStep ? row.Opportunities : 0,
                CurrentMeanValue = agent.KnowsStep ? row.MeanValue : 0,
                LastMultiplier = step.Step > 0 ? result.At(seat, step.Step - 1).Multiplier : 0,
            };
        }

        ulong policySeed = new StepDraws(setup.Seed, setup.Period, step.Step).Stream(0, DrawPurpose.Policy).Bits(0);
        decisions.Decide(step.Step, step.Inputs, policySeed, step.PolicyMultipliers, step.Multipliers);
    }

    private static void Auction(PeriodSetup setup, IReadOnlyList<SeatAgent> agents, PeriodStep step)
    {
        step.Bids.Resize(agents.Count, step.Traffic.Opportunities);
        for (int seat = 0; seat < agents.Count; seat++)
            step.Bids.Fill(seat, (float)(step.Multipliers[seat] * agents[seat].Seat.TargetCpa), step.Traffic.Values(seat));
        step.Auction.Run(step.Traffic, step.Bids, step.Left, new StepDraws(setup.Seed, setup.Period, step.Step));
    }

    private void Account(IReadOnlyList<SeatAgent> agents, PeriodStep step, PeriodResult result)
    {
        int opportunities = step.Traffic.Opportunities;
        double sum = 0;
        for (int i = 0; i < opportunities; i++) sum += step.Auction.LeastWinningCost(i);
        result.MeanLeastWinningCost[step.Step] = opportunities > 0 ? sum / opportunities : 0;
        result.Reruns += step.Auction.Reruns;
        for (int seat = 0; seat < agents.Count; seat++)
        {
            ref readonly AdvertiserTotals totals = ref step.Auction.Totals[seat];
            double minima = _curves.Response(step.Auction, seat, step.Traffic.Values(seat), agents[seat].Seat.TargetCpa, step.Responses[seat]);
            ref SeatStep row = ref result.At(seat, step.Step);
            row.PolicyMultiplier = step.PolicyMultipliers[seat];
            row.Multiplier = step.Multipliers[seat];
            row.MeanMinimumToWin = opportunities > 0 ? minima / opportunities : 0;
            row.Wins = totals.Wins;
            row.Exposures = totals.Exposures;
            row.Cost = totals.Cost;
            row.ValueWon = totals.ValueWon;
            row.Conversions = totals.Conversions;
            row.Dropped = totals.Dropped;
        }
    }

    private void Close(IReadOnlyList<SeatAgent> agents, PeriodStep step, PeriodResult result)
    {
        for (int seat = 0; seat < agents.Count; seat++)
        {
            ref readonly SeatStep row = ref result.At(seat, step.Step);
            Seat money = agents[seat].Seat;
            bool couldBid = step.Left[seat] >= step.Auction.Rules.SmallestBudget;
            double sumValue = row.MeanValue * row.Opportunities;
            var closed = new StepRow
            {
                Impressions = row.Opportunities,
                SumValue = (float)sumValue,
                SumBid = couldBid ? (float)(row.Multiplier * money.TargetCpa * sumValue) : 0,
                Multiplier = (float)row.Multiplier,
                MeanLeastWinningCost = (float)row.MeanMinimumToWin,
                Signals = row.Opportunities,
                Wins = row.Wins,
                Exposures = row.Exposures,
                Cost = (float)row.Cost,
                Conversions = row.Conversions,
                ValueWon = (float)row.ValueWon,
                Elapsed = 1,
            };
            StepCurve curve = step.Responses[seat];
            for (int i = 0; i < ResponseGrid.Points; i++)
            {
                _cost[i] = (float)(curve.Cost[i] / money.Budget);
                _value[i] = (float)(curve.Value[i] * money.TargetCpa / money.Budget);
            }

            _store.Close(_blocks[seat], closed, _cost, _value);
            step.Left[seat] -= row.Cost;
        }
    }

    private static double Mean(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values) sum += value;
        return values.IsEmpty ? 0 : sum / values.Length;
    }
}
