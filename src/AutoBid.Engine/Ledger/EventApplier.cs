using System.Security.Cryptography;
using System.Text;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Conversions;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// event -> ledger: what one event does to money, conversions and the running step. A duplicate changes only metrics; the order of events inside an
/// open step changes nothing, because every effect is an addition. Owned by the loop's thread.
/// </summary>
public sealed class EventApplier(CampaignBook book, LeaseDesk leases, SeenMemory seen, PendingCommit pending, EngineOptions options, EngineMetrics metrics)
{
    private readonly LeaseDirectory _directory = new();

    /// <summary>What the store has settled on days gone by that refunds take from.</summary>
    private readonly Dictionary<(int Campaign, int Day), long> _settledBefore = [];

    /// <summary>Money of days gone by that was applied and is not in the store: since the last commit was put together, and in that commit.</summary>
    private readonly Dictionary<(int Campaign, int Day), long> _uncommittedBefore = [];

    private readonly Dictionary<(int Campaign, int Day), long> _committingBefore = [];

    /// <summary>Tells of a lease whose holds are not on this node: the last process of this node, another node, or a DSP, bids or has bid under it.</summary>
    public void Remember(in LeaseOwner lease) => _directory.Add(lease);

    /// <summary>True when the store must be asked whose lease a bill names before the event is applied; see <see cref="Remember"/>.</summary>
    public bool NeedsOwnerOf(in EngineEvent e)
        => e.Lease > 0 && (e.Kind == EventKind.Bill || (e.Kind == EventKind.Loss && options.SharesPartitions))
            && !leases.Knows(e.Lease) && !_directory.TryFind(e.Lease, out _);

    /// <summary>What a commit listed of the outside bills.</summary>
    public void Listed(IReadOnlyList<Adjustment> adjustments)
    {
        foreach (Adjustment adjustment in adjustments)
        {
            metrics.CountAdjustment(adjustment.Cause);
            if (!book.Index.TryFind(adjustment.CampaignId, out int campaign)) continue;
            ref CampaignEntry state = ref book[campaign];
            if (adjustment.Day != state.Day) continue;
            state.AdjustedNanos = Nanos.AddSaturating(state.AdjustedNanos, adjustment.AmountNanos);
            book.Touch(campaign);
        }
    }

    /// <summary>
    /// The day that a refund takes from, when it is not the running one: what was settled then must be told with <see cref="KnowSettled"/> before
    /// the event is applied. 0: nothing to tell.
    /// </summary>
    public int NeedsSettledOf(in EngineEvent e, out int campaign)
    {
        campaign = -1;
        if (e is not { Kind: EventKind.Adjust, AmountNanos: < 0 } || !book.Index.TryFind(e.CampaignId, out campaign)) return 0;
        ref CampaignEntry state = ref book[campaign];
        if (state.Clock is null || state.Settings?.TenantId != e.TenantId) return 0;
        int day = DayOf(state, e, 0);
        return day == state.Day ? 0 : day;
    }

    /// <summary>What the store has settled for a campaign on a day gone by; it holds until the next commit.</summary>
    public void KnowSettled(int campaign, int day, long nanos) => _settledBefore.TryAdd((campaign, day), nanos);

    /// <summary>A commit was put together: what is applied from here on is not in it.</summary>
    public void CommitBegins()
    {
        foreach (((int Campaign, int Day) day, long amount) in _uncommittedBefore) _committingBefore[day] = _committingBefore.GetValueOrDefault(day) + amount;
        _uncommittedBefore.Clear();
    }

    /// <summary>The commit is in the store: what was known of days gone by is asked for again.</summary>
    public void ForgetSettled()
    {
        _settledBefore.Clear();
        _committingBefore.Clear();
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

        if (!book.Index.TryFindInterned(e.CampaignId, out int campaign) || book[campaign].Settings is not { } settings || settings.TenantId != e.TenantId)
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

        if (e.TimeTicks + options.DedupeWindow.Ticks <= nowTicks)
        {
            rejection = "too-old";
            return;
        }

        if (e is { Kind: EventKind.Adjust, AmountNanos: < 0 } && !seen.Contains(e, book[campaign].Partition))
        {
            // The store refuses a sum below 0, and with it everything that the commit carries. What it has settled on a day that it may forget before the
            // commit is there is no use to know; what is added to such a day only makes its rows anew.
            rejection = IsForgettable(book[campaign], e, nowTicks) ? "too-old" : CanRefund(book[campaign], campaign, e) ? null : "refund-above-spend";
            if (rejection is not null) return;
        }

        ref CampaignEntry state = ref book[campaign];
        if (!seen.TryAdd(e, state.Partition, nowTicks))
        {
            metrics.CountDuplicate(e.Kind);
            return;
        }

        pending.CountEvent();
        book.Touch(campaign);
        if (state.Day == 0) book.BeginDay(campaign, nowTicks, options);
        metrics.CountApplied(e.Kind);
        switch (e.Kind)
        {
            case EventKind.Bill: Bill(ref state, campaign, e); break;
            case EventKind.Loss: Lose(campaign, e); break;
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

    private void Lose(int campaign, in EngineEvent e)
    {
        if (leases.TryFind(e.Lease, out int owner, out _))
        {
            if (owner == campaign) leases.GiveBack(e.Lease, leases.EndHold(e.Lease, e.Seq));
        }
        else if (IsLeaseOf(e, out LeaseOwner lease))
        {
            Tell(lease, e, new BidOutcome(e.Seq, IsBill: false, 0));
        }
    }

    private bool IsLeaseOf(in EngineEvent e, out LeaseOwner lease)
        => _directory.TryFind(e.Lease, out lease) && lease.CampaignId == e.CampaignId && lease.TenantId == e.TenantId;

    /// <summary>The hold is on another node: it hears of its end once that is committed.</summary>
    private void Tell(in LeaseOwner lease, in EngineEvent e, BidOutcome outcome)
    {
        if (options.SharesPartitions && lease.Node != options.Node) pending.End(lease.Node, e.Lease, outcome, e.TimeTicks);
    }

    private void Bill(ref CampaignEntry state, int campaign, in EngineEvent e)
    {
        long price = e.AmountNanos;
        if (e.Lease != 0 && !leases.Knows(e.Lease))
        {
            BillOutside(ref state, campaign, e);
            return;
        }

        long onTime = 0;
        int leaseDay = 0;
        string cause = "foreign-bid";
        if (leases.TryFind(e.Lease, out int owner, out int day))
        {
            // A lease pays for its own campaign only, whoever names it.
            cause = "foreign-lease";
            if (owner == campaign)
            {
                leaseDay = day;
                onTime = leases.Pay(e.Lease, e.Seq, price, out long held, out bool isShort);
                cause = held == 0 ? "late-win" : "price-above-hold";
                if (isShort && onTime > 0)
                {
                    Divide(ref state, campaign, e, leaseDay, onTime);
                    return;
                }
            }
        }

        if (onTime > 0)
        {
            pending.Settle(e.Lease, onTime);
            Spend(ref state, campaign, e, onTime, leaseDay);
        }

        if (price > onTime) Adjust(ref state, campaign, e, price - onTime, cause, leaseDay);
    }

    /// <summary>A bill of a lease whose holds are elsewhere: the store, which knows what the lease has left, divides it; here it is spend in any case.</summary>
    private void BillOutside(ref CampaignEntry state, int campaign, in EngineEvent e)
    {
        bool isOwn = IsLeaseOf(e, out LeaseOwner lease);
        if (isOwn) Tell(lease, e, new BidOutcome(e.Seq, IsBill: true, e.AmountNanos));
        Divide(ref state, campaign, e, isOwn ? lease.Day : 0, 0);
    }

    /// <summary>The store says how much of a bill its lease pays.</summary>
    /// <param name="settledNanos">What was settled of it under a lease that lives here.</param>
    private void Divide(ref CampaignEntry state, int campaign, in EngineEvent e, int leaseDay, long settledNanos)
    {
        int day = DayOf(state, e, leaseDay);
        pending.Divide(new OutsideBill(e.Lease, new Adjustment(e.TenantId, e.CampaignId, day, e.AmountNanos, "", e.Identity, e.TimeTicks)), settledNanos);
        Spend(ref state, campaign, e, e.AmountNanos, leaseDay);
    }

    /// <summary>Money outside every lease: listed by itself with its cause.</summary>
    private void Adjust(ref CampaignEntry state, int campaign, in EngineEvent e, long amount, string cause, int leaseDay = 0)
    {
        int day = DayOf(state, e, leaseDay);
        pending.Adjustments.Add(new Adjustment(e.TenantId, e.CampaignId, day, amount, cause, e.Identity, e.TimeTicks));
        metrics.CountAdjustment(cause);
        if (day == state.Day) state.AdjustedNanos = Nanos.AddSaturating(state.AdjustedNanos, amount);
        Spend(ref state, campaign, e, amount, leaseDay);
    }

    /// <summary>Day of the bid: its lease says it, else its own instant, else the instant of the bill.</summary>
    private static int DayOf(in CampaignEntry state, in EngineEvent e, int leaseDay)
        => leaseDay != 0 ? leaseDay : state.DayAt(e.OriginTicks > 0 ? e.OriginTicks : e.TimeTicks);

    /// <summary>Whether the ledger may forget the day of a refund within the next two days: longer than a commit is under way.</summary>
    private bool IsForgettable(in CampaignEntry state, in EngineEvent e, long nowTicks)
        => state.Clock is not null && DayOf(state, e, 0) < options.Retention.FirstDay(nowTicks + 2 * TimeSpan.TicksPerDay);

    /// <summary>Whether so much was settled on the day that a refund takes from. Of days gone by the engine knows only what it was told.</summary>
    private bool CanRefund(in CampaignEntry state, int campaign, in EngineEvent e)
    {
        int day = DayOf(state, e, 0);
        if (day == state.Day) return state.SpentNanos + e.AmountNanos >= 0;
        return _settledBefore.TryGetValue((campaign, day), out long settled)
            && settled + _uncommittedBefore.GetValueOrDefault((campaign, day)) + _committingBefore.GetValueOrDefault((campaign, day)) + e.AmountNanos >= 0;
    }

    /// <summary>Day totals at once; the running step gets it as its own or as late, by the instant of the bid.</summary>
    private void Spend(ref CampaignEntry state, int campaign, in EngineEvent e, long amount, int leaseDay)
    {
        int day = DayOf(state, e, leaseDay);
        if (day != state.Day)
        {
            _uncommittedBefore[(campaign, day)] = _uncommittedBefore.GetValueOrDefault((campaign, day)) + amount;
            book.Conversions.TouchSpend(campaign, day);
            return;
        }

        state.SpendChanges++;
        // Without the instant of the bid the bill's own stands in for it; one that came after the day's end is late in its last step.
        long bidTicks = e.OriginTicks > 0 ? e.OriginTicks : Math.Min(e.TimeTicks, state.DayEndTicks - 1);
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
        int clickDay = state.DayAt(e.OriginTicks > 0 ? e.OriginTicks : e.TimeTicks);
        if (!book.Conversions.Book.TryApply(campaign, KeyOf(e.Source!, e.Auction!), e, clickDay, out ConversionChange change))
        {
            metrics.CountDuplicate(e.Kind);
            return;
        }

        book.Conversions.Apply(campaign, change);
        int conversions = change.Conversions;
        long valueMicros = change.ValueMicros;

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
}
