using AutoBid.Engine.Events;
using AutoBid.Engine.Loop;
using AutoBid.Simulator.Market;

namespace AutoBid.Simulator.Tests.Market;

/// <summary>A bidder that answers as a test says and writes down what it is told, in order.</summary>
internal sealed class ScriptedBidder(Func<MarketOpportunity, MarketAnswer> answer) : IMarketBidder
{
    /// <summary>bid, won, lost, convert, clock: with their instants or indices.</summary>
    public List<string> Told { get; } = [];

    public List<DateTime> Clock { get; } = [];

    public List<EngineEvent> Conversions { get; } = [];

    public Func<ReadOnlyMemory<EngineEvent>, IReadOnlyList<string>> Refuse { get; set; } = _ => [];

    public ValueTask<MarketAnswer> BidAsync(MarketOpportunity opportunity)
    {
        Told.Add($"bid {opportunity.Index}");
        return ValueTask.FromResult(answer(opportunity));
    }

    public ValueTask NotifyAsync(MarketOpportunity opportunity, MarketAnswer bid, MarketOutcome outcome)
    {
        Told.Add($"{(outcome.Won ? "won" : "lost")} {opportunity.Index}");
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> ConvertAsync(ReadOnlyMemory<EngineEvent> conversions)
    {
        Told.Add($"convert {conversions.Length}");
        Conversions.AddRange(conversions.ToArray());
        return ValueTask.FromResult(Refuse(conversions));
    }

    public ValueTask<AdvanceResult> AdvanceAsync(DateTime instant)
    {
        Told.Add("clock");
        Clock.Add(instant);
        return ValueTask.FromResult(new AdvanceResult(instant, StepsClosed: 2, Applied: 3, DecisionsHash: $"h{Clock.Count}"));
    }
}
