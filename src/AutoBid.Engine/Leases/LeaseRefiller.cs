using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Leases;

/// <summary>Keeps headroom ahead of the bids, off the bid path: size = max(20 bids, 2 s of spend), at most remaining / (2 x nodes). Owned by the loop's thread.</summary>
public sealed class LeaseRefiller(CampaignBook book, LeaseDesk leases, ILedgerStore store, EngineOptions options, bool deterministic)
{
    private const int BidsPerLease = 20;
    private const double SecondsPerLease = 2;

    /// <summary>A lease is never cut smaller than this share of the daily budget: tiny grants would only make work.</summary>
    private const int SmallestShareOfDay = 1000;

    /// <summary>Bids that win rate needs before reservation <c>expected</c> trusts it.</summary>
    private const long BidsForWinRate = 100;

    /// <summary>After a request that gave no lease: how long until the next one.</summary>
    private static readonly long RetryTicks = TimeSpan.TicksPerSecond;

    private readonly List<LeaseRequest> _requests = [];
    private readonly List<int> _asking = [];
    private readonly List<BudgetSetting> _budgets = [];
    private readonly List<int> _budgetOf = [];

    /// <summary>Tells the store the budgets of campaigns whose settings or day changed.</summary>
    public async ValueTask SetBudgetsAsync(CancellationToken cancellation)
    {
        _budgets.Clear();
        _budgetOf.Clear();
        for (int c = 0; c < book.Count; c++)
        {
            ref CampaignEntry entry = ref book[c];
            if (entry.Settings is not { } settings || entry.Day == 0) continue;
            if (entry.BudgetVersion == settings.Version && entry.BudgetDay == entry.Day) continue;
            _budgets.Add(new BudgetSetting(
                settings.TenantId, settings.Id, entry.Partition, entry.Day, settings.DailyBudgetNanos, settings.FlightBudgetNanos, settings.Account, settings.AccountBudgetNanos));
            _budgetOf.Add(c);
        }

        if (_budgets.Count == 0) return;
        await store.SetBudgetsAsync(_budgets, book.Owned.All, cancellation).ConfigureAwait(false);
        foreach (int c in _budgetOf)
        {
            ref CampaignEntry entry = ref book[c];
            entry.BudgetVersion = entry.Settings!.Version;
            entry.BudgetDay = entry.Day;
            entry.RemainingNanos = -1;
            entry.AskAgainTicks = 0;
        }
    }

    /// <summary>Refills every campaign that runs low or whose lease runs out.</summary>
    public async ValueTask RefillAsync(long nowTicks, CancellationToken cancellation)
    {
        _requests.Clear();
        _asking.Clear();
        for (int c = 0; c < book.Count; c++) Ask(c, nowTicks, 0);
        await GrantAsync(nowTicks, cancellation).ConfigureAwait(false);
    }

    /// <summary>Refills one campaign for a bid that found no headroom (deterministic mode). False: its budget has not that much left.</summary>
    public async ValueTask<bool> RefillForAsync(int campaign, long priceNanos, long nowTicks, CancellationToken cancellation)
    {
        LeaseView before = leases.Look(campaign);
        _requests.Clear();
        _asking.Clear();
        Ask(campaign, nowTicks, priceNanos);
        await GrantAsync(nowTicks, cancellation).ConfigureAwait(false);
        LeaseView after = leases.Look(campaign);
        return after.HeadroomNanos > before.HeadroomNanos || after.FreeCells > before.FreeCells;
    }

    /// <summary>What another node's lease on a campaign should ask for; null: the campaign cannot bid now.</summary>
    /// <param name="leftOf">What the lease still has for (tenant, campaign, node), nanos.</param>
    public LeaseRequest? RequestFor(int campaign, string node, long nowTicks, Func<string, string, string, long> leftOf)
    {
        ref CampaignEntry entry = ref book[campaign];
        if (!entry.IsActive || entry.Day == 0 || entry.BudgetDay != entry.Day) return null;
        Campaign settings = entry.Settings!;
        long size = SizeOf(campaign, nowTicks);
        long left = leftOf(settings.TenantId, settings.Id, node);
        long amount = left < size / 2 ? size - left : 0;
        if (entry.RemainingNanos >= 0) amount = Math.Min(amount, entry.RemainingNanos / (2L * options.Nodes));
        return new LeaseRequest(settings.TenantId, settings.Id, entry.Day, node, amount, nowTicks, LifeTicks);
    }

    private void Ask(int campaign, long nowTicks, long needNanos)
    {
        ref CampaignEntry entry = ref book[campaign];
        if (!entry.IsActive || entry.Day == 0 || entry.BudgetDay != entry.Day) return;
        if (needNanos == 0 && nowTicks < entry.AskAgainTicks) return;
        LeaseView lease = leases.Look(campaign);
        bool isCurrent = lease.LeaseId != 0 && lease.Day == entry.Day;
        long headroom = isCurrent ? lease.HeadroomNanos : 0;
        long size = Math.Max(SizeOf(campaign, nowTicks), needNanos);
        // A lease that reaches the day's end cannot be made longer.
        bool isEnding = !isCurrent || (lease.StopTicks < entry.DayEndTicks && lease.StopTicks - nowTicks < LifeTicks / 2);
        // The desk gives more cells from half a ring on: asked for earlier than that, every round would ask again.
        bool lacksCells = isCurrent && lease.FreeCells <= HoldSlab.SmallestCapacity / 2;
        long remaining = entry.RemainingNanos;
        bool isLow = headroom < Math.Max(size / 2, needNanos) && remaining != 0;
        if (!isLow && !isEnding && !lacksCells) return;

        long amount = isLow ? size - Math.Min(headroom, size - 1) : 0;
        if (remaining >= 0) amount = Math.Min(amount, Math.Max(remaining / (2L * options.Nodes), Math.Min(remaining, Math.Max(needNanos, size / BidsPerLease))));
        _requests.Add(new LeaseRequest(
            entry.Settings!.TenantId, entry.Settings.Id, entry.Day, options.Node, amount, nowTicks, Math.Min(LifeTicks, entry.DayEndTicks + LifeTicks - nowTicks)));
        _asking.Add(campaign);
    }

    /// <summary>In deterministic mode leases live on event time, which jumps by whole ticks.</summary>
    private long LifeTicks => deterministic ? Math.Max(options.LeaseLife.Ticks, 4 * options.Tick.Ticks) : options.LeaseLife.Ticks;

    private long SizeOf(int campaign, long nowTicks)
    {
        ref CampaignEntry entry = ref book[campaign];
        ref StepAccumulator open = ref book.Open(campaign);
        long budget = entry.Settings!.DailyBudgetNanos;
        long bid = open.Bids > 0 ? open.SumBidNanos / open.Bids : budget / SmallestShareOfDay / BidsPerLease;
        double perSecond = entry.SpentNanos / Math.Max((nowTicks - entry.DayStartTicks) / (double)TimeSpan.TicksPerSecond, 1);
        return Math.Max(Math.Max(BidsPerLease * bid, (long)(SecondsPerLease * perSecond)), Math.Max(budget / SmallestShareOfDay, 1));
    }

    private async ValueTask GrantAsync(long nowTicks, CancellationToken cancellation)
    {
        if (_requests.Count == 0) return;
        IReadOnlyList<LeaseGrant> grants = await store.GrantAsync(_requests, cancellation).ConfigureAwait(false);
        for (int i = 0; i < grants.Count; i++)
        {
            LeaseGrant grant = grants[i];
            ref CampaignEntry entry = ref book[_asking[i]];
            entry.RemainingNanos = grant.RemainingNanos;
            if (grant.LeaseId == 0)
            {
                entry.AskAgainTicks = nowTicks + RetryTicks;
                continue;
            }

            long stop = Math.Min(nowTicks + grant.LifeTicks - options.LeaseMargin.Ticks, entry.DayEndTicks);
            leases.Grant(_asking[i], grant.LeaseId, grant.Day, grant.GrantedNanos, stop, HoldShareOf(entry));
        }
    }

    private static float HoldShareOf(in CampaignEntry entry)
    {
        if (entry.Settings!.Reservation == Reservation.Strict || entry.DayBids < BidsForWinRate) return 1;
        return (float)Math.Min(PoissonBound.Upper(entry.DayWins, 0.99) / entry.DayBids, 1);
    }
}
