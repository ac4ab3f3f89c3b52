using AutoBid.Core.Bidding;
using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Bidding;

/// <summary>
/// The bid path: read the slot, multiply, guard, take the price out of headroom. Any number of threads; no lock a tick can hold, no allocation, no I/O.
/// </summary>
public sealed class BidDesk(BidSlotTable slots, LeaseDesk leases, BidCounters counters)
{
    /// <summary>Predicted values above this are refused at the border: value x 1e9 must stay far from the end of int64.</summary>
    public const double LargestValue = 1e6;

    /// <summary>Counts the opportunity and prices it. Nothing is held yet.</summary>
    /// <param name="nowTicks">Event time: slots run out on it.</param>
    public BidOffer Price(in BidQuery query, long nowTicks)
    {
        var offer = new BidOffer { ValueE9 = (long)Math.Round(query.Value * 1e9, MidpointRounding.ToEven) };
        counters.CountOpportunity(query.Campaign, offer.ValueE9);

        slots.Read(query.Campaign, out BidSlot slot);
        if (slot.Version == 0 || nowTicks >= slot.DeadTicks)
        {
            offer.Reasons = GuardReasons.StaleMultiplier;
            return offer;
        }

        if (slot.Flags != BidSlotFlags.None)
        {
            offer.Reasons = (slot.Flags & BidSlotFlags.Paused) != 0 ? GuardReasons.Paused
                : (slot.Flags & BidSlotFlags.OffSchedule) != 0 ? GuardReasons.Schedule
                : GuardReasons.Budget;
            return offer;
        }

        double bidPerValue = slot.BidPerValue;
        var stale = GuardReasons.None;
        if (nowTicks >= slot.ExpiresTicks)
        {
            bidPerValue = Math.Min(slot.SafeBidPerValue, bidPerValue);
            stale = GuardReasons.StaleMultiplier;
        }

        offer.PriceNanos = BidPrice.Of(
            bidPerValue, query.Value, slot.FloorNanos, slot.CapNanos, query.FloorNanos, query.IsDealFloor, out offer.Reasons);
        offer.Reasons |= stale;
        return offer;
    }

    /// <summary>Takes a priced offer out of headroom and counts the bid. False: the lease is used up or has run out; the offer says so.</summary>
    /// <param name="leaseNowTicks">Now on the clock of leases, not on event time (<see cref="EngineInstant.LeaseTicks"/>).</param>
    public bool TryHold(int campaign, ref BidOffer offer, long leaseNowTicks, long holdTicks)
    {
        if (!leases.TryHold(campaign, offer.PriceNanos, leaseNowTicks, holdTicks, out offer.Held))
        {
            // Counted before it is marked: whoever takes the mark finds the demand.
            counters.CountRefusal(campaign, offer.PriceNanos);
            leases.Want(campaign);
            offer.Reasons |= GuardReasons.Lease;
            return false;
        }

        counters.CountBid(campaign, offer.ValueE9, offer.PriceNanos);
        return true;
    }

    /// <summary>A priced offer and its hold in one step, for callers with a single candidate.</summary>
    public BidOffer Decide(in BidQuery query, EngineInstant now, long holdTicks)
    {
        BidOffer offer = Price(query, now.EventTicks);
        if (offer.IsBid && !TryHold(query.Campaign, ref offer, now.LeaseTicks, holdTicks)) offer.PriceNanos = 0;
        return offer;
    }
}
