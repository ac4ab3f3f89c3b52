using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Loop;

/// <summary>Turns the bid path's counters into bidstats events: what a node bid reaches the ledger through the log like everything else.</summary>
public sealed class BidStatsEmitter(CampaignBook book, BidCounters counters, IEventLog log, EngineOptions options, Func<EngineEvent, EventIdentity> identify)
{
    private readonly List<EngineEvent> _events = [];
    private readonly List<(int Campaign, BidTotals Totals)> _emitted = [];
    private long _lastStamp;

    /// <summary>Appends the counts since the last call, durable when it returns.</summary>
    public async ValueTask EmitAsync(long nowTicks, bool final, CancellationToken cancellation)
    {
        _events.Clear();
        _emitted.Clear();
        // Just before the tick: at a step's end the counts belong to the step that ends. Rising, because the stamp is part of the identity.
        long stamp = Math.Max(nowTicks - 1, _lastStamp + 1);
        for (int c = 0; c < book.Count; c++)
        {
            ref CampaignEntry entry = ref book[c];
            if (entry.Settings is not { } settings) continue;
            BidTotals totals = counters.Read(c);
            BidTotals since = totals.Since(entry.Counted);
            if (since.Opportunities == 0 && since.Bids == 0) continue;
            _emitted.Add((c, totals));
            var e = new EngineEvent
            {
                Kind = EventKind.BidStats,
                TenantId = settings.TenantId,
                CampaignId = settings.Id,
                Source = options.Node,
                // A live tick comes a little after the day's end; until the day has been closed, what was bid belongs to it.
                TimeTicks = entry.Day != 0 ? Math.Min(stamp, entry.DayEndTicks - 1) : stamp,
                Count = since.Opportunities,
                Bids = since.Bids,
                ValueE9 = since.ValueE9,
                MarketNanos = since.BidValueE9,
                AmountNanos = since.BidNanos,
                Flag = final,
            };
            e.Identity = identify(e);
            _events.Add(e);
        }

        if (_events.Count == 0) return;
        await log.AppendAsync(_events.ToArray(), cancellation).ConfigureAwait(false);
        // Only what is durable is counted off: after a failed append the next one carries it.
        _lastStamp = stamp;
        foreach ((int campaign, BidTotals totals) in _emitted) book[campaign].Counted = totals;
    }
}
