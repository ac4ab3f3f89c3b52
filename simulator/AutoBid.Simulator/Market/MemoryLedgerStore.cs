using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

/// <summary>
/// Budgets, leases and the engine's snapshot of a run that lives and dies with its process: the contract of the databases (design.md section 4), with
/// the same answers to the same calls. A call that a database would refuse throws and changes nothing.
/// </summary>
public sealed partial class MemoryLedgerStore : ILedgerStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(BudgetScope Scope, string Tenant, string Id, int Period), MemoryBudget> _budgets = [];
    private readonly Dictionary<(string Tenant, string Campaign, int Day), MemoryCampaignDay> _days = [];
    private readonly Dictionary<(MemoryCampaignDay Day, string Node), MemoryLease> _openByNode = [];
    private readonly SortedDictionary<long, MemoryLease> _leases = [];
    private readonly SortedDictionary<(string Tenant, string Campaign, int Day), CampaignState> _states = [];
    private readonly Dictionary<string, (long SeenTicks, long StatsTicks)> _nodes = new(StringComparer.Ordinal);
    private readonly MemoryPartitions _partitions = new();
    private readonly List<Adjustment> _adjustments = [];
    private readonly Dictionary<(string Tenant, string Campaign), (long Up, long Down)> _forgotten = [];
    private long _lastLease;

    /// <summary>Every amount outside a lease that is not forgotten, in order of commits.</summary>
    public IReadOnlyList<Adjustment> Adjustments
    {
        get
        {
            lock (_gate) return [.. _adjustments];
        }
    }

    public ValueTask<IReadOnlyList<PartitionClaim>> ClaimAsync(string node, IReadOnlyList<int> partitions, int partitionCount, CancellationToken cancellation)
    {
        lock (_gate) return ValueTask.FromResult(_partitions.Claim(node, partitions, partitionCount));
    }

    public ValueTask<LedgerSnapshot> LoadAsync(IReadOnlyList<int> partitions, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(new LedgerSnapshot(
                [.. _states.Values.Where(state => partitions.Contains(state.Partition))],
                _partitions.Seen(partitions),
                _partitions.Offsets(partitions),
                [.. _leases.Values.Where(l => l.IsOpen && partitions.Contains(l.Day.Partition)).Select(l
                    => new OpenLease(l.Id, l.Day.Tenant, l.Day.Campaign, l.Day.Day, l.Node, l.GrantedNanos, l.SettledNanos, l.ExpiresTicks))]));
        }
    }

    public ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, IReadOnlyList<PartitionEpoch> epochs, CancellationToken cancellation)
    {
        BudgetSetting.Check(settings, epochs);
        lock (_gate)
        {
            _partitions.CheckHeld(epochs);
            foreach (BudgetSetting setting in settings)
            {
                MemoryCampaignDay day = DayOf(setting.TenantId, setting.CampaignId, setting.Day);
                day.Partition = setting.Partition;
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

    public ValueTask<IReadOnlyList<LeaseOwner>> FindLeasesAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
    {
        lock (_gate)
            return ValueTask.FromResult<IReadOnlyList<LeaseOwner>>([.. leaseIds.Distinct().Order().Where(_leases.ContainsKey).Select(id => _leases[id].Owner)]);
    }

    public ValueTask ReturnAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
    {
        lock (_gate)
        {
            CheckKnown(leaseIds);
            foreach (long id in leaseIds) Close(id);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<long>> ReclaimAsync(string? exceptNode, long nowTicks, long afterExpiryTicks, CancellationToken cancellation)
    {
        lock (_gate)
        {
            long[] expired = [.. _leases.Values.Where(lease => lease.IsOpen && lease.ExpiresTicks < nowTicks - afterExpiryTicks && lease.Node != exceptNode).Select(lease => lease.Id)];
            foreach (long id in expired) Close(id);
            return ValueTask.FromResult<IReadOnlyList<long>>(expired);
        }
    }

    public ValueTask<IReadOnlyList<LiveNode>> HeartbeatAsync(string node, long nowTicks, long statsThroughTicks, long lifeTicks, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _nodes[node] = (nowTicks, statsThroughTicks);
            return ValueTask.FromResult<IReadOnlyList<LiveNode>>(
                [.. _nodes.Where(pair => pair.Value.SeenTicks >= nowTicks - lifeTicks).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new LiveNode(pair.Key, pair.Value.StatsTicks))]);
        }
    }

    public ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation)
    {
        lock (_gate)
        {
            IEnumerable<MemoryBudget> scopes = _days.Values.Where(day => day.Tenant == tenantId && day.Campaign == campaignId).SelectMany(day => day.Scopes);
            // The flight outlives its days.
            if (_budgets.TryGetValue((BudgetScope.Flight, tenantId, campaignId, 0), out MemoryBudget? flight)) scopes = scopes.Append(flight);
            return ValueTask.FromResult<IReadOnlyList<BudgetRow>>(
                [.. scopes.Distinct().Where(scope => scope.Row is not null).Select(scope => scope.Row!.Value).OrderBy(row => (row.Scope, row.Period)).ThenBy(row => row.Id, StringComparer.Ordinal)]);
        }
    }

    public ValueTask<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenantId, string campaignId, CancellationToken cancellation)
    {
        lock (_gate)
        {
            (long up, long down) = _forgotten.GetValueOrDefault((tenantId, campaignId));
            return ValueTask.FromResult<IReadOnlyList<Adjustment>>(
                [.. Adjustment.Forgotten(tenantId, campaignId, up, down), .. _adjustments.Where(one => one.TenantId == tenantId && one.CampaignId == campaignId)]);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private LeaseGrant Grant(in LeaseRequest request)
    {
        if (!_days.TryGetValue((request.TenantId, request.CampaignId, request.Day), out MemoryCampaignDay? day))
            return new LeaseGrant(request.CampaignId, request.Day, 0, 0, 0, 0, 0, 0, 0);
        long room = day.RoomNanos, amount = Math.Min(request.AmountNanos, room);
        if (!_openByNode.TryGetValue((day, request.Node), out MemoryLease? lease))
        {
            if (amount == 0) return new LeaseGrant(request.CampaignId, request.Day, 0, 0, room, 0, 0, 0, 0);
            lease = new MemoryLease(++_lastLease, day, request.Node);
            _leases.Add(lease.Id, lease);
            _openByNode.Add((day, request.Node), lease);
        }

        lease.GrantedNanos += amount;
        lease.ExpiresTicks = Math.Max(lease.ExpiresTicks, request.NowTicks + request.LifeTicks);
        foreach (MemoryBudget scope in day.Scopes) scope.Grant(amount);
        return new LeaseGrant(
            request.CampaignId, request.Day, lease.Id, amount, room - amount, lease.ExpiresTicks, lease.SettledNanos, lease.GrantedNanos, lease.ExpiresTicks - request.NowTicks);
    }

    private void CheckKnown(IReadOnlyList<long> leaseIds)
    {
        foreach (long id in leaseIds)
            if (!_leases.ContainsKey(id)) throw new InvalidOperationException($"Lease {id} is unknown.");
    }

    private void Close(long id)
    {
        MemoryLease lease = _leases[id];
        if (!lease.IsOpen) return;
        lease.IsOpen = false;
        _openByNode.Remove((lease.Day, lease.Node));
        foreach (MemoryBudget scope in lease.Day.Scopes) scope.Return(lease.LeftNanos);
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
