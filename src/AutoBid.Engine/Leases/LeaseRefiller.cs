using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Leases;

/// <summary>
/// Keeps headroom ahead of the bids, off the bid path: size = max(20 bids, 2 s of this node's bids), doubled while bids are refused, at most
/// remaining / (2 x nodes). It looks only at campaigns that bids have marked and at leases whose time has come, never at all campaigns.
/// Invariant: a campaign whose headroom lies below its low-water mark after a look is marked, or has a due look. Owned by the loop's thread.
/// </summary>
public sealed partial class LeaseRefiller(
    CampaignBook book, LeaseDesk leases, BidCounters counters, ILedgerStore store, EngineOptions options, IUncommitted uncommitted, bool deterministic)
{
    /// <summary>A lease is never cut smaller than this share of the daily budget: tiny grants would only make work.</summary>
    private const int SmallestShareOfDay = 1000;

    /// <summary>Before a campaign's first bid nothing is known of its prices: all nodes together take at most this share of the day.</summary>
    private const int FirstShareOfDay = 100;

    /// <summary>Bids that win rate needs before reservation <c>expected</c> trusts it.</summary>
    private const long BidsForWinRate = 100;

    /// <summary>After a request in vain: how long until the next one; doubled with each.</summary>
    private static readonly long RetryTicks = TimeSpan.TicksPerSecond;

    /// <summary>A commit closes the old lease meanwhile.</summary>
    private static readonly long ClosingTicks = TimeSpan.TicksPerSecond / 10;

    private static readonly long LongestRetryTicks = 16 * TimeSpan.TicksPerSecond;

    /// <summary>Holds of a campaign that is short are swept at most so often outside ticks.</summary>
    private static readonly long SweepTicks = TimeSpan.TicksPerSecond;

    /// <summary>Campaigns that get a first lease in one round of the loop. A deterministic engine has no rounds between its ticks.</summary>
    private readonly int _mostFirst = deterministic ? int.MaxValue : 500;
    private readonly ChunkedArray<LeaseDemand> _demands = new();
    private readonly PriorityQueue<int, long> _due = new();
    private readonly Queue<int> _first = new();
    private readonly List<int> _looking = [];
    private readonly List<LeaseRequest> _requests = [];
    private readonly List<int> _asking = [];
    private int _known;
    private int _swept;

    /// <summary>Nodes that share the budgets now.</summary>
    public int Nodes { get; set; } = options.Nodes;

    /// <summary>In deterministic mode leases live on event time, which jumps by whole ticks.</summary>
    private long LifeTicks => deterministic ? Math.Max(options.LeaseLife.Ticks, 4 * options.Tick.Ticks) : options.LeaseLife.Ticks;

    /// <summary>Refills the campaigns that bids have marked, and renews the leases whose time has come. Returns the losses assumed on the way.</summary>
    /// <param name="now">Before the requests: lives are counted from here.</param>
    public async ValueTask<int> RefillAsync(EngineInstant now, CancellationToken cancellation)
    {
        _requests.Clear();
        _asking.Clear();
        _looking.Clear();
        _swept = 0;
        leases.TakeWanted(_looking);
        for (int n = 0; n < _mostFirst && _first.TryDequeue(out int c); n++) _looking.Add(c);
        foreach (int c in _looking) Demand(c).WantedTicks = now.LeaseTicks;
        while (_due.TryPeek(out int c, out long at) && at <= now.LeaseTicks)
        {
            _due.Dequeue();
            ref LeaseDemand demand = ref Demand(c);
            if (demand.DueTicks != at) continue;
            demand.DueTicks = LeaseDemand.Never;
            _looking.Add(c);
        }

        _looking.Sort();
        for (int i = 0; i < _looking.Count; i++)
            if (i == 0 || _looking[i] != _looking[i - 1]) Ask(_looking[i], now, 0);
        await GrantAsync(now, cancellation).ConfigureAwait(false);
        return _swept;
    }

    /// <summary>Refills one campaign for a bid that found no headroom (deterministic mode). False: its budget has not that much left.</summary>
    public async ValueTask<bool> RefillForAsync(int campaign, long priceNanos, EngineInstant now, CancellationToken cancellation)
    {
        LeaseView before = leases.Look(campaign);
        _requests.Clear();
        _asking.Clear();
        Demand(campaign).WantedTicks = now.LeaseTicks;
        Ask(campaign, now, priceNanos);
        await GrantAsync(now, cancellation).ConfigureAwait(false);
        LeaseView after = leases.Look(campaign);
        return after.HeadroomNanos > before.HeadroomNanos || after.FreeCells > before.FreeCells;
    }

    internal ref LeaseDemand Demand(int campaign)
    {
        if (campaign >= _known)
        {
            _demands.EnsureCapacity(campaign + 1);
            for (; _known <= campaign; _known++) _demands[_known] = new LeaseDemand { RemainingNanos = -1, DueTicks = LeaseDemand.Never };
        }

        return ref _demands[campaign];
    }

    private void Ask(int campaign, EngineInstant now, long needNanos)
    {
        ref LeaseDemand demand = ref Demand(campaign);
        demand.Observe(counters.Read(campaign), now.LeaseTicks, growsOnRefusal: !deterministic);
        if (!TryDay(campaign, now, out int day, out long dayEndTicks)) return;
        LeaseView lease = leases.Look(campaign);
        bool isCurrent = lease.LeaseId != 0 && lease.Day == day;
        if (needNanos == 0 && now.LeaseTicks - demand.WantedTicks >= LifeTicks)
        {
            // Nobody bids with it here: its money goes back as soon as its holds have ended, and a bid that comes marks the campaign.
            leases.Retire(campaign);
            return;
        }

        ref CampaignEntry entry = ref book[campaign];
        long smallest = SmallestOf(entry, demand);
        long size = Math.Max(demand.Size(smallest), needNanos);
        long headroom = isCurrent ? leases.Tune(campaign, size / 2, CellsOf(demand)) : 0;
        if (headroom < size / 2 && Sweep(campaign, ref demand, now)) headroom = leases.Look(campaign).HeadroomNanos;
        long stop = now.ToLeaseTicks(dayEndTicks);
        // A lease that reaches the day's end, give or take what the clocks drift, cannot be made longer.
        bool isEnding = isCurrent && lease.StopTicks < stop - RetryTicks && lease.StopTicks - now.LeaseTicks <= LifeTicks / 2;
        bool isLow = headroom < Math.Max(size / 2, needNanos) && now.LeaseTicks >= demand.AskAgainTicks;
        if (isCurrent) Schedule(campaign, ref demand, Math.Max(lease.StopTicks - LifeTicks / 2, now.LeaseTicks + RetryTicks));
        if (headroom < size / 2 && !isLow) Schedule(campaign, ref demand, demand.AskAgainTicks);
        if (!isLow && !isEnding) return;

        long amount = isLow ? size - Math.Min(headroom, size - 1) : 0;
        if (demand.RemainingNanos >= 0)
        {
            // What is left goes in halves to each node, but never in less than a bid: one node can spend a budget to its end.
            long bid = demand.MeanBid > 0 ? demand.MeanBid : entry.Settings!.DailyBudgetNanos / SmallestShareOfDay / LeaseDemand.BidsPerLease;
            long least = Math.Max(needNanos, bid);
            // Where nothing was left, something may have returned since: one bid's worth finds out.
            if (demand.RemainingNanos > 0) least = Math.Min(least, demand.RemainingNanos);
            amount = Math.Min(amount, Math.Max(demand.RemainingNanos / (2L * Nodes), least));
        }

        _requests.Add(new LeaseRequest(
            entry.Settings!.TenantId, entry.Settings.Id, day, options.Node, amount, Math.Min(now.EventTicks, dayEndTicks), LifeTicks));
        _asking.Add(campaign);
    }

    /// <summary>The running day of a campaign that may bid. False: none, or it is over, or the store does not know its budgets yet.</summary>
    private bool TryDay(int campaign, EngineInstant now, out int day, out long endTicks)
    {
        ref CampaignEntry entry = ref book[campaign];
        (day, endTicks) = (entry.Day, entry.DayEndTicks);
        if (!entry.IsActive)
        {
            leases.Retire(campaign);
            return false;
        }

        return day != 0 && entry.BudgetDay == day && now.EventTicks < endTicks;
    }

    /// <summary>What is due of a short campaign's holds comes back before more is asked for. Deterministic engines end holds at ticks only.</summary>
    private bool Sweep(int campaign, ref LeaseDemand demand, EngineInstant now)
    {
        if (deterministic || now.LeaseTicks - demand.SweptTicks < SweepTicks) return false;
        demand.SweptTicks = now.LeaseTicks;
        int ended = leases.Sweep(campaign, now.LeaseTicks);
        _swept += ended;
        return ended > 0;
    }

    private void Schedule(int campaign, ref LeaseDemand demand, long atTicks)
    {
        if (atTicks >= demand.DueTicks) return;
        demand.DueTicks = atTicks;
        _due.Enqueue(campaign, atTicks);
    }

    private async ValueTask GrantAsync(EngineInstant now, CancellationToken cancellation)
    {
        if (_requests.Count == 0) return;
        IReadOnlyList<LeaseGrant> grants;
        try
        {
            // Or a settlement under way would be in the store's figures and among the uncommitted at once.
            await uncommitted.FinishAsync(cancellation).ConfigureAwait(false);
            grants = await store.GrantAsync(_requests, cancellation).ConfigureAwait(false);
        }
        catch
        {
            // Their marks were taken: they want it as before.
            foreach (int c in _asking) leases.Want(c);
            throw;
        }

        for (int i = 0; i < grants.Count; i++) Apply(_asking[i], grants[i], _requests[i].AmountNanos, now);
    }

    private void Apply(int campaign, in LeaseGrant grant, long askedNanos, EngineInstant now)
    {
        ref CampaignEntry entry = ref book[campaign];
        ref LeaseDemand demand = ref Demand(campaign);
        demand.RemainingNanos = grant.RemainingNanos;
        // No lease although one lives here: the store has closed it.
        if (grant.LeaseId == 0) leases.Retire(campaign);
        if (grant.LeaseId != 0 && TryDay(campaign, now, out int day, out long dayEndTicks) && day == grant.Day)
        {
            // The store keeps a later expiry of before: a wall clock that went back makes it look like a longer life.
            long stop = Math.Min(now.LeaseTicks + Math.Min(grant.LifeTicks, LifeTicks) - options.LeaseMargin.Ticks, now.ToLeaseTicks(dayEndTicks));
            if (!leases.Grant(campaign, grant.LeaseId, grant.Day, grant.GrantedNanos, stop, HoldShareOf(entry)))
            {
                demand.AskAgainTicks = now.LeaseTicks + ClosingTicks;
                Schedule(campaign, ref demand, demand.AskAgainTicks);
                return;
            }

            // Outcomes of bids may be under way from the node that keeps this ledger, or lost: the store's figures bound what may be bid.
            leases.Reconcile(grant.LeaseId, grant.TotalGrantedNanos, grant.SettledNanos, uncommitted.SettledOf(grant.LeaseId));
            Schedule(campaign, ref demand, Math.Max(stop - LifeTicks / 2, now.LeaseTicks + RetryTicks));
        }

        if (grant.GrantedNanos > 0)
        {
            demand.Denials = 0;
            // The last that there was: the next request before something returns would be in vain.
            demand.AskAgainTicks = grant.RemainingNanos > 0 ? 0 : now.LeaseTicks + RetryTicks;
            long low = demand.Size(SmallestOf(entry, demand)) / 2;
            // Given less than wanted: no bid crosses the mark from below it, so the next round asks again.
            if (leases.Tune(campaign, low, CellsOf(demand)) < low) leases.Want(campaign);
        }
        else if (askedNanos > 0)
        {
            demand.AskAgainTicks = now.LeaseTicks + Math.Min(RetryTicks << Math.Min(demand.Denials, 10), LongestRetryTicks);
            demand.Denials++;
            Schedule(campaign, ref demand, demand.AskAgainTicks);
        }
    }

    private long SmallestOf(in CampaignEntry entry, in LeaseDemand demand)
    {
        long share = demand.MeanBid > 0 ? SmallestShareOfDay : Math.Min(FirstShareOfDay * Nodes, SmallestShareOfDay);
        return Math.Max(entry.Settings!.DailyBudgetNanos / share, 1);
    }

    /// <summary>A deterministic engine bids a whole tick's requests in one instant.</summary>
    private long CellsOf(in LeaseDemand demand) => deterministic ? Math.Max(demand.Cells, 16 * LeaseDesk.FewestCells) : demand.Cells;

    private static float HoldShareOf(in CampaignEntry entry)
    {
        if (entry.Settings!.Reservation == Reservation.Strict || entry.DayBids < BidsForWinRate) return 1;
        return (float)Math.Min(PoissonBound.Upper(entry.DayWins, 0.99) / entry.DayBids, 1);
    }
}
