using AutoBid.Engine.Events;

namespace AutoBid.Engine.Tests.Model;

/// <summary>
/// What the ledger must say, in its plainest form: lists of what was delivered, and sums made anew at every question. It shares no arithmetic with the
/// engine, only the definition of its instants: ticks lie on a grid, and an event is applied at the first tick after it, or at the end of the advance.
/// </summary>
internal sealed class NaiveLedger(long tickTicks, long windowTicks)
{
    private readonly List<Delivered> _delivered = [];

    public IEnumerable<Delivered> All => _delivered;

    /// <summary>First instant of the grid after <paramref name="ticks"/>.</summary>
    public long NextTick(long ticks) => (ticks / tickTicks + 1) * tickTicks;

    /// <summary>First instant of the grid at or after <paramref name="ticks"/>.</summary>
    public long TickAt(long ticks) => NextTick(ticks - 1);

    /// <summary>When an event that is appended now is applied by an advance to <paramref name="target"/>; one more than the target: after its tick.</summary>
    public long AppliedAt(in EngineEvent e, long now, long target)
    {
        long tick = Math.Max(NextTick(e.TimeTicks), NextTick(now));
        return tick <= target ? tick : target + 1;
    }

    /// <summary>Whether a sender may still be heard. Null: it depends on the instant at which it is applied.</summary>
    public bool? IsYoung(in EngineEvent e, long now, long target)
    {
        long expires = e.TimeTicks + windowTicks;
        if (expires > target) return true;
        return expires <= now ? false : null;
    }

    /// <summary>Takes an event over. False: it was there before.</summary>
    public bool Deliver(Sent sent, long appliedAt)
    {
        if (!sent.Settles && sent.Event.Kind is EventKind.Bill or EventKind.Adjust) return false;
        if (_delivered.Any(one => one.Sent.Key == sent.Key)) return false;
        _delivered.Add(new Delivered(sent, appliedAt));
        return true;
    }

    /// <summary>Money of a campaign's day: the sum of its distinct bills and corrections.</summary>
    public long Spent(string campaign, int day)
        => _delivered.Where(one => one.IsMoney && one.Sent.Event.CampaignId == campaign && one.Sent.Day == day).Sum(one => one.Sent.Event.AmountNanos);

    public IEnumerable<int> Days(string campaign)
        => _delivered.Where(one => one.IsMoney && one.Sent.Event.CampaignId == campaign).Select(one => one.Sent.Day).Distinct();

    /// <summary>Conversions that count, and their value, of what was applied up to an instant.</summary>
    public (long Count, long ValueMicros) Conversions(string campaign, long appliedUpTo)
    {
        // Of one id the highest revision counts, of one revision the taking back before the restating before the conversion.
        var last = _delivered
            .Where(one => !one.IsMoney && one.Sent.Event.CampaignId == campaign && one.AppliedAt <= appliedUpTo)
            .Where(one => one.Sent.Event.Kind is EventKind.Convert or EventKind.Retract or EventKind.Restate)
            .GroupBy(one => one.Sent.Event.Auction)
            .Select(group => group.OrderBy(one => one.Sent.Event.Count).ThenBy(one => one.Sent.Event.Kind switch
            {
                EventKind.Convert => 0,
                EventKind.Restate => 1,
                _ => 2,
            }).Last().Sent.Event)
            .Where(e => e.Kind != EventKind.Retract)
            .ToList();
        return (last.Count, last.Sum(e => e.ValueMicros));
    }

    /// <param name="AppliedAt">Event time.</param>
    internal sealed record Delivered(Sent Sent, long AppliedAt)
    {
        public bool IsMoney => Sent.Event.Kind is EventKind.Bill or EventKind.Adjust;
    }
}
