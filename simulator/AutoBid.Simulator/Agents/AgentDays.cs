using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Threads;

namespace AutoBid.Simulator.Agents;

/// <summary>
/// The running days of a set of agents: what each has left, was told, decides and has done. The seats of a line-up and candidates on frozen rivals go
/// through the same code, so that they see and do the same. Keeps its memory from day to day.
/// </summary>
internal sealed class AgentDays
{
    private readonly TrajectoryStore _store = new(StepClock.StepsPerDay);
    private readonly List<int> _blocks = [];
    private readonly List<string> _names = [];
    private IReadOnlyList<SeatAgent> _agents = [];
    private IReadOnlyList<int> _seats = [];
    private SeatStep[] _rows = [];
    private SeatDecisions? _decisions;
    private ConversionDelay? _delay;
    private PeriodSetup? _setup;

    // Conversions to be reported, by agent and the step at which they are.
    private int[] _reported = [];

    /// <summary>Budget left, account currency, by agent.</summary>
    public double[] Left { get; private set; } = [];

    public PolicyInput[] Inputs { get; private set; } = [];

    /// <summary>The policies' own answers; NaN where there was none.</summary>
    public double[] PolicyMultipliers { get; private set; } = [];

    /// <summary>Executed multipliers.</summary>
    public double[] Multipliers { get; private set; } = [];

    public int Count => _agents.Count;

    /// <summary>What the agent's policy bids per unit of value in the running step, account currency; single precision as the auction sees it.</summary>
    public float BidPerValue(int agent) => (float)(Multipliers[agent] * _agents[agent].Seat.TargetCpa);

    /// <summary>Starts a day.</summary>
    /// <param name="seats">The seat that each agent plays, which keys its draws.</param>
    /// <param name="rows">Receives the steps, 48 per agent.</param>
    public void Begin(PeriodSetup setup, Crew crew, GuardOptions? guard, IReadOnlyList<SeatAgent> agents, IReadOnlyList<int> seats, SeatStep[] rows)
    {
        (_setup, _agents, _seats, _rows, _delay) = (setup, agents, seats, rows, setup.Delay);
        _decisions = new SeatDecisions(agents, seats, guard, setup.Seed, setup.Period, crew);
        if (Left.Length != agents.Count)
        {
            Left = new double[agents.Count];
            Inputs = new PolicyInput[agents.Count];
            PolicyMultipliers = new double[agents.Count];
            Multipliers = new double[agents.Count];
        }

        for (int agent = 0; agent < agents.Count; agent++)
        {
            if (agent == _blocks.Count)
            {
                _blocks.Add(_store.Rent());
                _names.Add($"seat-{agent:D2}");
            }

            _store.Reset(_blocks[agent]);
            Left[agent] = agents[agent].Seat.Budget;
        }

        if (_delay is { } delay)
        {
            if (!(delay.Share is >= 0 and <= 1) || delay.Steps is < 1 or >= StepClock.StepsPerDay)
                throw new ArgumentException("A delay needs a share in 0..1 and 1 to 47 steps.", nameof(setup));
            _reported = new int[agents.Count * StepClock.StepsPerDay];
        }
    }

    /// <summary>Asks the policies what to bid in a step.</summary>
    /// <param name="meanValues">Of the step's opportunities, by seat.</param>
    public void Decide(int step, int opportunities, ReadOnlySpan<double> meanValues)
    {
        for (int agent = 0; agent < _agents.Count; agent++)
        {
            SeatAgent player = _agents[agent];
            ref SeatStep row = ref Row(agent, step);
            row = default;
            row.Opportunities = opportunities;
            row.MeanValue = meanValues[_seats[agent]];
            row.LeftBefore = Left[agent];
            Inputs[agent] = new PolicyInput
            {
                CampaignId = _names[agent],
                Objective = Objective.TargetCpa,
                Mode = player.Mode,
                Budget = player.Seat.Budget,
                Reference = player.Seat.TargetCpa,
                MinMultiplier = player.MinMultiplier,
                MaxMultiplier = player.MaxMultiplier,
                AccountConstant = _decisions!.AccountConstant(agent),
                Trajectory = _store.View(_blocks[agent]),
                Prior = player.Prior,
                CurrentImpressions = player.KnowsStep ? row.Opportunities : 0,
                CurrentMeanValue = player.KnowsStep ? row.MeanValue : 0,
                LastMultiplier = step > 0 ? Row(agent, step - 1).Multiplier : 0,
            };
        }

        ulong policySeed = new StepDraws(_setup!.Seed, _setup.Period, step).Stream(0, DrawPurpose.Policy).Bits(0);
        _decisions!.Decide(step, Inputs, policySeed, PolicyMultipliers, Multipliers);
    }

    /// <summary>Enters what the auction gave an agent and closes its step. Agents are independent: any thread may close any of them.</summary>
    /// <param name="response">Response curve of the step at the 24 grid multipliers of this agent's reference.</param>
    /// <param name="sumMinimumToWin">Over the step's opportunities, account currency.</param>
    public void Close(int agent, int step, in AdvertiserTotals totals, StepCurve response, double sumMinimumToWin, AuctionRules rules)
    {
        Traffic.Seat money = _agents[agent].Seat;
        ref SeatStep row = ref Row(agent, step);
        row.PolicyMultiplier = PolicyMultipliers[agent];
        row.Multiplier = Multipliers[agent];
        row.MeanMinimumToWin = row.Opportunities > 0 ? sumMinimumToWin / row.Opportunities : 0;
        row.Wins = totals.Wins;
        row.Exposures = totals.Exposures;
        row.Cost = totals.Cost;
        row.ValueWon = totals.ValueWon;
        row.Conversions = totals.Conversions;
        row.Dropped = totals.Dropped;

        double sumValue = row.MeanValue * row.Opportunities;
        var closed = new StepRow
        {
            Impressions = row.Opportunities,
            SumValue = (float)sumValue,
            SumBid = Left[agent] >= rules.SmallestBudget ? (float)(row.Multiplier * money.TargetCpa * sumValue) : 0,
            Multiplier = (float)row.Multiplier,
            MeanLeastWinningCost = (float)row.MeanMinimumToWin,
            Signals = row.Opportunities,
            Wins = row.Wins,
            Exposures = row.Exposures,
            Cost = (float)row.Cost,
            Conversions = Reported(agent, step, row.Conversions),
            ValueWon = (float)row.ValueWon,
            Elapsed = 1,
        };
        if (!_agents[agent].KnowsCurves)
        {
            _store.Close(_blocks[agent], closed);
            return;
        }

        Span<float> cost = stackalloc float[ResponseGrid.Points], value = stackalloc float[ResponseGrid.Points];
        for (int i = 0; i < ResponseGrid.Points; i++)
        {
            cost[i] = (float)(response.Cost[i] / money.Budget);
            value[i] = (float)(response.Value[i] * money.TargetCpa / money.Budget);
        }

        _store.Close(_blocks[agent], closed, cost, value);
    }

    /// <summary>Takes what the step cost out of every agent's budget.</summary>
    public void Pay(int step)
    {
        for (int agent = 0; agent < _agents.Count; agent++) Left[agent] -= Row(agent, step).Cost;
    }

    private ref SeatStep Row(int agent, int step) => ref _rows[agent * StepClock.StepsPerDay + step];

    // Conversions that come late arrive with a later step, or after the day and are never seen by anybody who decides.
    private int Reported(int agent, int step, int conversions)
    {
        if (_delay is null) return conversions;
        Span<int> days = _reported.AsSpan(agent * StepClock.StepsPerDay, StepClock.StepsPerDay);
        RandomStream late = new StepDraws(_setup!.Seed, _setup.Period, step).Stream(_seats[agent], DrawPurpose.ConversionDelayKind);
        for (int i = 0; i < conversions; i++)
        {
            int at = late.Uniform(i) < _delay.Share ? step + _delay.Steps : step;
            if (at < days.Length) days[at]++;
        }

        return days[step];
    }
}
