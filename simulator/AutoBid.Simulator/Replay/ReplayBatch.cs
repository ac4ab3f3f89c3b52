using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Threads;

namespace AutoBid.Simulator.Replay;

/// <summary>Plays one step of several keys: adds up their markets, asks all variants' policies in one batch, runs the protocol, closes the rows.</summary>
internal sealed class ReplayBatch(ReplayOptions options, TrajectoryStore store)
{
    /// <summary>Trajectories keep curves as Half: what is beyond it stays its largest number.</summary>
    private const float LargestHalf = 65_504;

    private readonly Crew _crew = new(options.Threads);
    private readonly StepMarket[] _markets = [.. Enumerable.Range(0, options.Threads).Select(_ => new StepMarket())];
    private readonly KeyReplay[] _plays = [.. Enumerable.Range(0, options.Threads).Select(_ => new KeyReplay())];

    /// <summary>Plays the first step of every key's queue; it is the same step.</summary>
    public void Play(ReplayKey[] keys)
    {
        int step = keys[0].Ready.Peek().Step;
        _crew.Run(keys.Length, (key, worker) => AddUp(keys[key], _markets[worker]));
        Decide(keys, step);
        _crew.Run(keys.Length, (key, worker) => Settle(keys[key], _plays[worker]));
    }

    private static void AddUp(ReplayKey key, StepMarket market)
    {
        market.Add(key.Ready.Peek(), key.Target, key.Response, key.Knapsack, out double sumValue, out double sumPrice);
        (key.SumValue, key.SumPrice) = (sumValue, sumPrice);
        key.Constants.Add(market.Cost, market.Value);
    }

    private void Decide(ReplayKey[] keys, int step)
    {
        var entries = new List<(ReplayKey Key, ReplayVariant Variant)>();
        foreach (ReplayKey key in keys)
        {
            foreach (ReplayVariant variant in key.Variants)
            {
                if (variant.Block >= 0) entries.Add((key, variant));
            }
        }

        if (entries.Count == 0) return;
        var decisions = new SeatDecisions(
            [.. entries.Select(entry => entry.Variant.Agent)], [.. entries.Select(entry => entry.Key.Advertiser)], options.Guard, options.Seed, keys[0].Period, _crew);
        var inputs = new PolicyInput[entries.Count];
        var raw = new double[entries.Count];
        var executed = new double[entries.Count];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = Input(entries[i].Key, entries[i].Variant);
        ulong policySeed = new StepDraws(options.Seed, keys[0].Period, step).Stream(0, DrawPurpose.Policy).Bits(0);
        decisions.Decide(step, inputs, policySeed, raw, executed);
        for (int i = 0; i < inputs.Length; i++) entries[i].Variant.Multiplier = executed[i];
    }

    private PolicyInput Input(ReplayKey key, ReplayVariant variant)
    {
        SeatAgent agent = variant.Agent;
        int opportunities = key.Ready.Peek().Count;
        return new PolicyInput
        {
            CampaignId = key.CampaignId,
            Objective = Objective.TargetCpa,
            Mode = agent.Mode,
            Budget = agent.Seat.Budget,
            Reference = agent.Seat.TargetCpa,
            MinMultiplier = agent.MinMultiplier,
            MaxMultiplier = agent.MaxMultiplier,
            AccountConstant = agent.AccountConstant,
            Trajectory = store.View(variant.Block),
            Prior = agent.Prior,
            CurrentImpressions = agent.KnowsStep ? opportunities : 0,
            CurrentMeanValue = agent.KnowsStep && opportunities > 0 ? key.SumValue / opportunities : 0,
            LastMultiplier = variant.Multiplier,
        };
    }

    private void Settle(ReplayKey key, KeyReplay play)
    {
        StepRows rows = key.Ready.Peek();
        var draws = new StepDraws(options.Seed, key.Period, rows.Step);
        var step = new SeatStep();
        foreach (ReplayVariant variant in key.Variants)
        {
            if (variant.Block < 0) continue;
            play.Play(rows, variant.Multiplier * key.Target, variant.Left, options.SmallestBudget, draws, key.Advertiser, ref step);
            variant.Wins += step.Wins;
            variant.Cost += step.Cost;
            variant.Value += step.ValueWon;
            variant.Conversions += step.Conversions;
            Close(key, variant, rows.Count, step);
            variant.Left -= step.Cost;
        }
    }

    private void Close(ReplayKey key, ReplayVariant variant, int opportunities, in SeatStep step)
    {
        var closed = new StepRow
        {
            Impressions = opportunities,
            SumValue = (float)key.SumValue,
            SumBid = variant.Left >= options.SmallestBudget ? (float)(variant.Multiplier * key.Target * key.SumValue) : 0,
            Multiplier = (float)variant.Multiplier,
            MeanLeastWinningCost = opportunities > 0 ? (float)(key.SumPrice / opportunities) : 0,
            Signals = opportunities,
            Wins = step.Wins,
            Exposures = step.Exposures,
            Cost = (float)step.Cost,
            Conversions = step.Conversions,
            ValueWon = (float)step.ValueWon,
            Elapsed = 1,
        };
        Span<float> cost = stackalloc float[ResponseGrid.Points], value = stackalloc float[ResponseGrid.Points];
        double budget = variant.Agent.Seat.Budget;
        for (int i = 0; i < ResponseGrid.Points; i++)
        {
            cost[i] = Math.Min((float)(key.Response.Cost[i] / budget), LargestHalf);
            value[i] = Math.Min((float)(key.Response.Value[i] * key.Target / budget), LargestHalf);
        }

        store.Close(variant.Block, closed, cost, value);
    }
}
