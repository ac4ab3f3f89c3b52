using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

/// <summary>
/// Budgets, leases and the engine's snapshot of a run that lives and dies with its process: the contract of the databases (design.md section 4), with
/// the same answers to the same calls. A call that a database would refuse throws and changes nothing.
/// </summary>
public sealed class MemoryLedgerStore : ILedgerStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(BudgetScope Scope, string Tenant, string Id, int Period), MemoryBudget> _budgets = [];
    private readonly Dictionary<(string Tenant, string Campaign, int Day), MemoryCampaignDay> _days = [];
    private readonly Dictionary<(MemoryCampaignDay Day, string Node), MemoryLease> _openByNode = [];
    private readonly SortedDictionary<long, MemoryLease> _open = [];
    private readonly SortedDictionary<(string Tenant, string Campaign, int Day), CampaignState> _states = [];
    private readonly Dictionary<EventIdentity, long> _seen = [];
    private readonly Dictionary<(string Topic, int Partition), long> _offsets = [];
    private readonly List<Adjustment> _adjustments = [];
    private long _leases;

    /// <summary>Every amount outside a lease, in order of commits.</summary>
    public IReadOnlyList<Adjustment> Adjustments
    {
        get
        {
            lock (_gate) return [.. _adjustments];
        }
    }

    public ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, CancellationToken cancellation)
    {
        foreach (BudgetSetting setting in settings)
        {
            if (setting.DayNanos < 0 || setting.FlightNanos < 0 || setting.AccountNanos < 0)
                throw new ArgumentOutOfRangeException(nameof(settings), setting, "A budget is negative.");
        }

        lock (_gate)
        {
            foreach (BudgetSetting setting in settings)
            {
                MemoryCampaignDay day = DayOf(setting.TenantId, setting.CampaignId, setting.Day);
                day.SetLimits(setting.DayNanos, setting.FlightNanos);
                MemoryBudget? account = setting.Account is { } name ? BudgetOf(BudgetScope.Account, setting.TenantId, name, setting.Day) : null;
                // Campaigns share the account: one that states no limit must not lift the limit that another one stated.
                if (setting.AccountNanos is { } limit) account?.Limit(limit);
                day.JoinAccount(account);
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<LeaseGrant>> GrantAsync(IReadOnlyList<LeaseRequest> requests, CancellationToken cancellation)
    {
        foreach (LeaseRequest request in requests)
            if (request.AmountNanos < 0) throw new ArgumentOutOfRangeException(nameof(requests), request, "A lease cannot ask for a negative amount.");
        lock (_gate) return ValueTask.FromResult<IReadOnlyList<LeaseGrant>>([.. requests.Select(request => Grant(request))]);
    }

    /// <exception cref="InvalidOperationException">A settlement of a lease that is unknown, ended or has less left, or an adjustment below 0: nothing is applied.</exception>
    public ValueTask CommitAsync(LedgerCommit commit, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Check(commit);
            foreach (LeaseSettlement settlement in commit.Settlements)
            {
                MemoryLease lease = _open[settlement.LeaseId];
                lease.SettledNanos += settlement.AmountNanos;
                foreach (MemoryBudget scope in lease.Day.Scopes) scope.Settle(settlement.AmountNanos);
            }

            foreach (Adjustment adjustment in commit.Adjustments)
            {
                _adjustments.Add(adjustment);
                foreach (MemoryBudget scope in DayOf(adjustment.TenantId, adjustment.CampaignId, adjustment.Day).Scopes) scope.Adjust(adjustment.AmountNanos);
            }

            foreach (long id in commit.ClosedLeases) Close(id);
            foreach (CampaignState state in commit.States)
            {
                if (state.Blob.Length == 0) _states.Remove((state.TenantId, state.CampaignId, state.Day));
                else _states[(state.TenantId, state.CampaignId, state.Day)] = state;
            }

            foreach (SeenEvent seen in commit.Seen) _seen[seen.Identity] = Math.Max(seen.ExpiresTicks, _seen.GetValueOrDefault(seen.Identity));
            foreach (PartitionOffset at in commit.Offsets) _offsets[(at.Topic, at.Partition)] = at.NextOffset;
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<LedgerSnapshot> LoadAsync(long seenSinceTicks, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(new LedgerSnapshot(
                [.. _states.Values],
                [.. _seen.Where(pair => pair.Value > seenSinceTicks).Select(pair => new SeenEvent(pair.Key, pair.Value))],
                [.. _offsets.Select(pair => new PartitionOffset(pair.Key.Topic, pair.Key.Partition, pair.Value))],
                [.. _open.Values.Select(l => new OpenLease(l.Id, l.Day.Tenant, l.Day.Campaign, l.Day.Day, l.Node, l.GrantedNanos, l.SettledNanos, l.ExpiresTicks))]));
        }
    }

    public ValueTask<IReadOnlyList<long>> ReclaimAsync(long expiredBeforeTicks, CancellationToken cancellation)
    {
        lock (_gate)
        {
            long[] expired = [.. _open.Values.Where(lease => lease.ExpiresTicks < expiredBeforeTicks).Select(lease => lease.Id)];
            foreach (long id in expired) Close(id);
            return ValueTask.FromResult<IReadOnlyList<long>>(expired);
        }
    }

    public ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation)
    {
        lock (_gate)
        {
            IEnumerable<MemoryBudget> scopes = _days.Values.Where(day => day.Tenant == tenantId && day.Campaign == campaignId).SelectMany(day => day.Scopes).Distinct();
            return ValueTask.FromResult<IReadOnlyList<BudgetRow>>(
                [.. scopes.Where(scope => scope.Row is not null).Select(scope => scope.Row!.Value).OrderBy(row => (row.Scope, row.Period)).ThenBy(row => row.Id, StringComparer.Ordinal)]);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private LeaseGrant Grant(in LeaseRequest request)
    {
        if (!_days.TryGetValue((request.TenantId, request.CampaignId, request.Day), out MemoryCampaignDay? day))
            return new LeaseGrant(request.CampaignId, request.Day, 0, 0, 0, 0);
        long room = day.RoomNanos, amount = Math.Min(request.AmountNanos, room);
        if (!_openByNode.TryGetValue((day, request.Node), out MemoryLease? lease))
        {
            if (amount == 0) return new LeaseGrant(request.CampaignId, request.Day, 0, 0, room, 0);
            lease = new MemoryLease(++_leases, day, request.Node);
            _open.Add(lease.Id, lease);
            _openByNode.Add((day, request.Node), lease);
        }

        lease.GrantedNanos += amount;
        lease.ExpiresTicks = Math.Max(lease.ExpiresTicks, request.ExpiresTicks);
        foreach (MemoryBudget scope in day.Scopes) scope.Grant(amount);
        return new LeaseGrant(request.CampaignId, request.Day, lease.Id, amount, room - amount, lease.ExpiresTicks);
    }

    private void Close(long id)
    {
        if (!_open.Remove(id, out MemoryLease? lease)) return;
        _openByNode.Remove((lease.Day, lease.Node));
        foreach (MemoryBudget scope in lease.Day.Scopes) scope.Return(lease.LeftNanos);
    }

    /// <summary>What a database would refuse is looked for before anything moves.</summary>
    private void Check(LedgerCommit commit)
    {
        var settled = new Dictionary<(string Tenant, string Campaign, int Day), long>();
        foreach (IGrouping<long, LeaseSettlement> bills in commit.Settlements.GroupBy(settlement => settlement.LeaseId))
        {
            long sum = bills.Sum(bill => bill.AmountNanos);
            if (!_open.TryGetValue(bills.Key, out MemoryLease? lease)) throw new InvalidOperationException($"Lease {bills.Key} is unknown or has ended.");
            if (bills.Any(bill => bill.AmountNanos < 0) || sum > lease.LeftNanos)
                throw new InvalidOperationException($"Lease {bills.Key} has {lease.LeftNanos} nanos left and cannot settle {sum}.");
            (string, string, int) key = (lease.Day.Tenant, lease.Day.Campaign, lease.Day.Day);
            settled[key] = settled.GetValueOrDefault(key) + sum;
        }

        foreach (Adjustment adjustment in commit.Adjustments)
        {
            (string, string, int) key = (adjustment.TenantId, adjustment.CampaignId, adjustment.Day);
            long before = _days.TryGetValue(key, out MemoryCampaignDay? day) ? day.DayBudget.SettledNanos : 0;
            settled[key] = settled.GetValueOrDefault(key) + adjustment.AmountNanos;
            if (before + settled[key] < 0)
                throw new InvalidOperationException($"An adjustment of {adjustment.AmountNanos} nanos would take campaign {adjustment.CampaignId} below 0 settled on {adjustment.Day}.");
        }

        foreach (long id in commit.ClosedLeases)
            if (id < 1 || id > _leases) throw new InvalidOperationException($"Lease {id} is unknown.");
    }

    /// <summary>The day of a campaign; made without any budget when missing, so that money that came too early is counted and grants nothing.</summary>
    private MemoryCampaignDay DayOf(string tenant, string campaign, int day)
    {
        if (_days.TryGetValue((tenant, campaign, day), out MemoryCampaignDay? known)) return known;
        var created = new MemoryCampaignDay(
            tenant, campaign, day, BudgetOf(BudgetScope.Day, tenant, campaign, day), BudgetOf(BudgetScope.Flight, tenant, campaign, 0));
        created.DayBudget.Limit(0);
        _days.Add((tenant, campaign, day), created);
        return created;
    }

    private MemoryBudget BudgetOf(BudgetScope scope, string tenant, string id, int period)
    {
        if (_budgets.TryGetValue((scope, tenant, id, period), out MemoryBudget? known)) return known;
        var created = new MemoryBudget(scope, id, period);
        _budgets.Add((scope, tenant, id, period), created);
        return created;
    }
}
