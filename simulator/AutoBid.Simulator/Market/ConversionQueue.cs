using AutoBid.Engine.Events;

namespace AutoBid.Simulator.Market;

/// <summary>Conversions of won impressions that have not arrived yet, handed out as events in order of arrival.</summary>
public sealed class ConversionQueue(MarketPlayOptions options)
{
    private readonly PriorityQueue<(int Campaign, EngineEvent Event), (long Arrival, int Opportunity)> _queue = new();

    public int Count => _queue.Count;

    /// <summary>Remembers the conversion of a won impression, if there is one.</summary>
    public void Add(in MarketOpportunity opportunity, int campaign, string auction, in MarketOutcome outcome)
    {
        if (!outcome.Converted) return;
        Add(
            opportunity.Index, campaign, auction, options.DayStart.Ticks + opportunity.TimeTicks,
            options.DayStart.Ticks + outcome.ConversionTimeTicks, outcome.RevenueMicros);
    }

    /// <summary>Remembers one with instants of the caller's own, UTC ticks.</summary>
    public void Add(int opportunity, int campaign, string auction, long clickTicks, long arrivalTicks, long valueMicros)
        => _queue.Enqueue(
            (campaign, new EngineEvent
            {
                Kind = EventKind.Convert,
                CampaignId = options.Market.Campaigns[campaign].Id,
                Source = options.Source,
                Auction = $"c-{auction}",
                Imp = auction,
                Count = 1,
                ValueMicros = valueMicros,
                OriginTicks = clickTicks,
                TimeTicks = arrivalTicks,
            }),
            (arrivalTicks, opportunity));

    /// <summary>Writes those that arrive before <paramref name="endTicks"/> (UTC ticks), as many as fit.</summary>
    /// <param name="taken">Called for each with its campaign and value in micros.</param>
    /// <returns>How many were written.</returns>
    public int Take(long endTicks, Span<EngineEvent> into, Action<int, long> taken)
    {
        int count = 0;
        while (count < into.Length && _queue.TryPeek(out (int Campaign, EngineEvent Event) next, out _) && next.Event.TimeTicks < endTicks)
        {
            _queue.Dequeue();
            into[count++] = next.Event;
            taken(next.Campaign, next.Event.ValueMicros);
        }

        return count;
    }
}
