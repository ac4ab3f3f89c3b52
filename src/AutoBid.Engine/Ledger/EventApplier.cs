using System.Security.Cryptography;
using System.Text;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// event -> ledger: what one event does to money, conversions and the running step. A duplicate changes only metrics; the order of events inside an
/// open step changes nothing, because every effect is an addition. Owned by the loop's thread.
/// </summary>
public sealed class EventApplier(CampaignBook book, LeaseDesk leases, SeenEvents seen, PendingCommit pending, EngineOptions options, EngineMetrics metrics)
{
    /// <summary>Leases whose holds are not on this node, an earlier process's or a DSP's: what they have left for bills that still come.</summary>
    private readonly Dictionary<long, OutsideLease> _outside = [];

    /// <summary>Tells of a lease that is open in the store: the last process of this node, or a DSP, bids or has bid under it.</summary>
    public void Remember(OpenLease lease)
        => _outside[lease.LeaseId] = new OutsideLease(lease.TenantId, lease.CampaignId, lease.Node, lease.GrantedNanos - lease.SettledNanos);

    /// <summary>A DSP's lease was granted more.</summary>
    public void Raise(long leaseId, string tenantId, string campaignId, string node, long nanos)
        => _outside[leaseId] = new OutsideLease(
            tenantId, campaignId, node, nanos + (_outside.TryGetValue(leaseId, out OutsideLease known) ? known.LeftNanos : 0));

    /// <summary>Its money was given back to the budget: bills under it are late from now on.</summary>
    public void Forget(long leaseId) => _outside.Remove(leaseId);

    /// <summary>What a node's outside lease on a campaign has left, nanos; 0: none.</summary>
    public long LeftOf(string tenantId, string campaignId, string node)
    {
        long left = 0;
        foreach (OutsideLease lease in _outside.Values)
            if (lease.Node == node && lease.CampaignId == campaignId && lease.TenantId == tenantId) left += lease.LeftNanos;
        return left;
    }

    /// <summary>Applies one event.</summary>
    /// <param name="nowTicks">Event time now.</param>
    /// <param name="rejection">Why it could not be applied, for the dead letters; null when it was, or was a duplicate.</param>
    public void Apply(in EngineEvent e, long nowTicks, out string? rejection)
    {
        rejection = null;
        if (e.Kind == EventKind.Campaign)
        {
            book.Upsert(e.Settings!);
            return;
        }

        if (!book.Index.TryFind(e.CampaignId, out int campaign) || book[campaign].Settings is not { } settings || settings.TenantId != e.TenantId)
        {
            rejection = "unknown-campaign";
            return;
        }

        if (IsSpend(e.Kind) && e.Kind != EventKind.Loss && e.Via != BillingOf(e.Source))
        {
            // Recorded, but kept out of dedupe and settlement: neither channel can hide the other.
            metrics.CountUnbilled(e.Via);
            return;
        }

        long expires = e.TimeTicks + options.DedupeWindow.Ticks;
        if (expires <= nowTicks)
        {
            rejection = "too-old";
            return;
        }

        if (!seen.TryAdd(e.Identity, expires))
        {
            metrics.CountDuplicate(e.Kind);
            return;
        }

        pending.Seen.Add(new SeenEvent(e.Identity, expires));
        ref CampaignEntry state = ref book[campaign];
        state.IsDirty = true;
        metrics.CountApplied(e.Kind);
        switch (e.Kind)
        {
            case EventKind.Bill: Bill(ref state, campaign, e); break;
            case EventKind.Loss: leases.GiveBack(e.Lease, leases.EndHold(e.Lease, e.Seq)); break;
            case EventKind.Win: break;
            case EventKind.Adjust: Adjust(ref state, campaign, e, e.AmountNanos, "correction"); break;
            case EventKind.Opportunity: Signal(ref state, campaign, e); break;
            case EventKind.BidStats: Stats(ref state, campaign, e); break;
            default: Convert(ref state, campaign, e); break;
        }
    }

    private static bool IsSpend(EventKind kind) => kind is EventKind.Bill or EventKind.Win or EventKind.Loss;

    private BillingChannel BillingOf(string? exchange)
        => exchange is not null && options.Billing.TryGetValue(exchange, out BillingChannel channel) ? channel : options.DefaultBilling;

    private void Bill(ref CampaignEntry state, int campaign, in EngineEvent e)
    {
        long price = e.AmountNanos;
        if (e.Lease == 0)
        {
            Adjust(ref state, campaign, e, price, "foreign-bid");
            return;
        }

        long onTime;
        string cause;
        if (leases.Knows(e.Lease))
        {
            long held = leases.EndHold(e.Lease, e.Seq);
            if (held >= price)
            {
                leases.GiveBack(e.Lease, held - price);
                onTime = price;
            }
            else if (held > 0 && leases.TryTake(e.Lease, price - held))
            {
                onTime = price;
            }
            else
            {
                onTime = held;
            }

            leases.Settle(e.Lease, onTime);
            cause = held > 0 ? "price-above-hold" : "late-win";
        }
        else if (_outside.TryGetValue(e.Lease, out OutsideLease outside))
        {
            onTime = Math.Min(price, outside.LeftNanos);
            _outside[e.Lease] = outside with { LeftNanos = outside.LeftNanos - onTime };
            cause = "lease-exhausted";
        }
        else
        {
            onTime = 0;
            cause = "late-win";
        }

        if (onTime > 0)
        {
            pending.Settle(e.Lease, onTime);
            Spend(ref state, campaign, e, onTime);
        }

        if (price > onTime) Adjust(ref state, campaign, e, price - onTime, cause);
    }

    /// <summary>Money outside every lease: listed by itself with its cause.</summary>
    private void Adjust(ref CampaignEntry state, int campaign, in EngineEvent e, long amount, string cause)
    {
        int day = state.Clock!.DayAt(e.OriginTicks > 0 ? e.OriginTicks : e.TimeTicks).Day;
        pending.Adjustments.Add(new Adjustment(e.TenantId, e.CampaignId, day, amount, cause, e.Identity, e.TimeTicks));
        metrics.CountAdjustment(cause);
        if (day == state.Day) state.AdjustedNanos = Nanos.AddSaturating(state.AdjustedNanos, amount);
        Spend(ref state, campaign, e, amount);
    }

    /// <summary>Day totals at once; the running step gets it as its own or as late, by the instant of the bid.</summary>
    private void Spend(ref CampaignEntry state, int campaign, in EngineEvent e, long amount)
    {
        long bidTicks = e.OriginTicks > 0 ? e.OriginTicks : e.TimeTicks;
        if (state.Block < 0 || bidTicks < state.DayStartTicks || bidTicks >= state.DayEndTicks) return;
        state.SpentNanos = Nanos.AddSaturating(state.SpentNanos, amount);
        ref StepAccumulator open = ref book.Open(campaign);
        if (IsInOpenStep(state, bidTicks))
        {
            open.CostNanos = Nanos.AddSaturating(open.CostNanos, amount);
            state.StepSpentNanos = Nanos.AddSaturating(state.StepSpentNanos, amount);
        }
        else
        {
            open.LateCostNanos = Nanos.AddSaturating(open.LateCostNanos, amount);
        }
    }

    private void Convert(ref CampaignEntry state, int campaign, in EngineEvent e)
    {
        if (!book.Conversions(campaign).TryApply(
                KeyOf(e.Source!, e.Auction!), e.Kind, e.Count, e.ValueMicros, e.TimeTicks, out int conversions, out long valueMicros))
        {
            metrics.CountDuplicate(e.Kind);
            return;
        }

        if (state.Block < 0) return;
        // By arrival: what arrives today steers today, whatever day its click was.
        state.Conversions += conversions;
        state.ConversionValueMicros = Nanos.AddSaturating(state.ConversionValueMicros, valueMicros);
        ref StepAccumulator open = ref book.Open(campaign);
        open.Conversions += conversions;
        open.ConversionValueMicros = Nanos.AddSaturating(open.ConversionValueMicros, valueMicros);
        if (e.OriginTicks > 0 && !IsInOpenStep(state, e.OriginTicks)) open.LateConversions += conversions;
    }

    private void Signal(ref CampaignEntry state, int campaign, in EngineEvent e)
    {
        if (state.Block < 0 || e.TimeTicks < state.DayStartTicks || e.TimeTicks >= state.DayEndTicks) return;
        ref StepAccumulator open = ref book.Open(campaign);
        if (e.MarketNanos >= 0) open.AddSignal(e.ValueE9, e.MarketNanos, state.Reference);
        if (!e.Flag) return;
        state.DayWins++;
        open.Wins++;
        open.Exposures++;
        open.ValueWonE9 = Nanos.AddSaturating(open.ValueWonE9, e.ValueE9);
        state.ValueWonE9 = Nanos.AddSaturating(state.ValueWonE9, e.ValueE9);
    }

    private void Stats(ref CampaignEntry state, int campaign, in EngineEvent e)
    {
        if (state.Block < 0 || e.TimeTicks < state.DayStartTicks || e.TimeTicks > state.DayEndTicks) return;
        ref StepAccumulator open = ref book.Open(campaign);
        open.Impressions += e.Count;
        state.DayBids += e.Bids;
        open.Bids += e.Bids;
        open.SumValueE9 = Nanos.AddSaturating(open.SumValueE9, e.ValueE9);
        open.SumBidValueE9 = Nanos.AddSaturating(open.SumBidValueE9, e.MarketNanos);
        open.SumBidNanos = Nanos.AddSaturating(open.SumBidNanos, e.AmountNanos);
    }

    private bool IsInOpenStep(in CampaignEntry state, long ticks)
    {
        var day = new DayBounds(state.Day, state.DayStartTicks, state.DayEndTicks);
        return ticks >= day.StartTicks && ticks < day.EndTicks && StepClock.StepAt(day, ticks) >= book.Trajectories.Closed(state.Block);
    }

    /// <summary>Identity of a conversion whatever its kind and revision.</summary>
    private static EventIdentity KeyOf(string source, string id)
    {
        Span<byte> hash = stackalloc byte[32];
        // The length in front keeps ("ab", "c") apart from ("a", "bc").
        SHA256.HashData(Encoding.UTF8.GetBytes($"{source.Length}:{source}|{id}"), hash);
        return new EventIdentity(
            System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(hash), System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(hash[8..]));
    }

    private readonly record struct OutsideLease(string TenantId, string CampaignId, string Node, long LeftNanos);
}
