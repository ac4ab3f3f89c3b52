using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Fakes;

/// <summary>
/// The ledger's contract in dictionaries. It holds the promise of design.md section 4 after every call: what settled on time under a lease, plus what is
/// outstanding, never exceeds the budget; a call that would break it, or that a database would refuse, throws and changes nothing.
/// </summary>
internal sealed partial class InMemoryLedgerStore : ILedgerStore
{
    private readonly Dictionary<(BudgetScope Scope, string Id, int Period), Row> _budgets = [];
    private readonly Dictionary<(string Tenant, string Campaign, int Day), List<Row>> _scopes = [];
    private readonly SortedDictionary<long, Lease> _leases = [];
    private readonly SortedDictionary<(string, string, int), CampaignState> _states = [];
    private readonly Dictionary<string, (long SeenTicks, long StatsTicks)> _nodes = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    public List<Adjustment> Adjustments { get; } = [];

    /// <summary>Id of the first lease.</summary>
    public long FirstLeaseId { get; init; } = 1;

    private readonly Dictionary<(string Tenant, string Campaign), (long Up, long Down)> _forgotten = [];
    private int _leasesMade;

    public int Commits { get; private set; }

    public int GrantCalls { get; private set; }

    /// <summary>How often the store was asked whose leases are whose.</summary>
    public int FindCalls { get; private set; }

    public List<LeaseRequest> LastRequests { get; } = [];

    /// <summary>The commit with this number (from 1) fails before it is made; 0: none.</summary>
    public int CrashBeforeCommit { get; set; }

    public IReadOnlyList<long> ClosedLeases
    {
        get
        {
            lock (_gate) return [.. _leases.Values.Where(lease => !lease.IsOpen).Select(lease => lease.Id)];
        }
    }

    public IReadOnlyList<(string Tenant, string Campaign, int Day)> StateKeys
    {
        get
        {
            lock (_gate) return [.. _states.Keys];
        }
    }

    public ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, IReadOnlyList<PartitionEpoch> epochs, CancellationToken cancellation)
    {
        BudgetSetting.Check(settings, epochs);
        lock (_gate)
        {
            Refuse();
            CheckHeld(epochs);
            foreach (BudgetSetting setting in settings)
            {
                _partitionOf[setting.CampaignId] = setting.Partition;
                Limit(BudgetScope.Day, setting.CampaignId, setting.Day, setting.DayNanos);
                if (setting.FlightNanos is { } flight) Limit(BudgetScope.Flight, setting.CampaignId, 0, flight);
                if (setting.AccountNanos is { } account) Limit(BudgetScope.Account, setting.Account!, setting.Day, account);
                var scopes = new List<Row> { _budgets[(BudgetScope.Day, setting.CampaignId, setting.Day)] };
                if (setting.FlightNanos is not null) scopes.Add(_budgets[(BudgetScope.Flight, setting.CampaignId, 0)]);
                if (setting.AccountNanos is not null) scopes.Add(_budgets[(BudgetScope.Account, setting.Account!, setting.Day)]);
                _scopes[(setting.TenantId, setting.CampaignId, setting.Day)] = scopes;
            }

            Check();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<LeaseGrant>> GrantAsync(IReadOnlyList<LeaseRequest> requests, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Refuse();
            GrantCalls++;
            LastRequests.Clear();
            LastRequests.AddRange(requests);
            var grants = requests.Select(Grant).ToArray();
            Check();
            return ValueTask.FromResult<IReadOnlyList<LeaseGrant>>(grants);
        }
    }

    public ValueTask<IReadOnlyList<LeaseOwner>> FindLeasesAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Refuse();
            FindCalls++;
            return ValueTask.FromResult<IReadOnlyList<LeaseOwner>>(
                [.. leaseIds.Where(_leases.ContainsKey).Select(id => _leases[id]).Select(lease => new LeaseOwner(lease.Id, lease.Tenant, lease.Campaign, lease.Day, lease.Node))]);
        }
    }

    public ValueTask ReturnAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Refuse();
            foreach (long id in leaseIds) Close(_leases[id]);
            Check();
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<long>> ReclaimAsync(string? exceptNode, long nowTicks, long afterExpiryTicks, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Refuse();
            Lease[] expired = [.. _leases.Values.Where(lease => lease.IsOpen && lease.Expires < nowTicks - afterExpiryTicks && lease.Node != exceptNode)];
            foreach (Lease lease in expired) Close(lease);
            Check();
            return ValueTask.FromResult<IReadOnlyList<long>>([.. expired.Select(lease => lease.Id)]);
        }
    }

    /// <summary>Last sign of life of a node, UTC ticks; 0: none.</summary>
    public long LastBeatOf(string node)
    {
        lock (_gate) return _nodes.GetValueOrDefault(node).SeenTicks;
    }

    public ValueTask<IReadOnlyList<LiveNode>> HeartbeatAsync(string node, long nowTicks, long statsThroughTicks, long lifeTicks, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Refuse();
            _nodes[node] = (nowTicks, statsThroughTicks);
            return ValueTask.FromResult<IReadOnlyList<LiveNode>>(
                [.. _nodes.Where(pair => pair.Value.SeenTicks >= nowTicks - lifeTicks).Select(pair => new LiveNode(pair.Key, pair.Value.StatsTicks))]);
        }
    }

    public ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation)
    {
        lock (_gate)
        {
            var rows = _scopes.Where(pair => pair.Key.Tenant == tenantId && pair.Key.Campaign == campaignId).SelectMany(pair => pair.Value);
            // The flight outlives its days.
            if (_budgets.TryGetValue((BudgetScope.Flight, campaignId, 0), out Row? flight)) rows = rows.Append(flight);
            return ValueTask.FromResult<IReadOnlyList<BudgetRow>>(
                [.. rows.Distinct().Select(r => new BudgetRow(r.Scope, r.Id, r.Period, r.Budget, r.Settled, r.Outstanding)).OrderBy(r => (r.Scope, r.Period, r.Id))]);
        }
    }

    public ValueTask<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenantId, string campaignId, CancellationToken cancellation)
    {
        lock (_gate)
        {
            (long up, long down) = _forgotten.GetValueOrDefault((tenantId, campaignId));
            return ValueTask.FromResult<IReadOnlyList<Adjustment>>(
                [.. Adjustment.Forgotten(tenantId, campaignId, up, down), .. Adjustments.Where(one => one.TenantId == tenantId && one.CampaignId == campaignId)]);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Settled sums per scope: what two runs must agree on.</summary>
    public string Settled()
    {
        lock (_gate)
            return string.Join('\n', _budgets.Values.Select(r => $"{r.Scope} {r.Id} {r.Period} {r.Settled} {r.OnTime}").Order(StringComparer.Ordinal));
    }

    private LeaseGrant Grant(LeaseRequest request)
    {
        if (request.AmountNanos < 0) throw new ArgumentOutOfRangeException(nameof(request));
        if (!_scopes.TryGetValue((request.TenantId, request.CampaignId, request.Day), out List<Row>? scopes)) return new LeaseGrant(request.CampaignId, request.Day, 0, 0, 0, 0, 0, 0, 0);
        long room = Math.Max(scopes.Min(row => row.Requested - row.Settled - row.Outstanding), 0);
        long amount = Math.Min(request.AmountNanos, room);
        Lease? lease = _leases.Values.FirstOrDefault(
            l => l.IsOpen && (l.Tenant, l.Campaign, l.Day, l.Node) == (request.TenantId, request.CampaignId, request.Day, request.Node));
        if (lease is null)
        {
            if (amount == 0) return new LeaseGrant(request.CampaignId, request.Day, 0, 0, room, 0, 0, 0, 0);
            lease = new Lease
            {
                Id = FirstLeaseId + _leasesMade++,
                Tenant = request.TenantId,
                Campaign = request.CampaignId,
                Day = request.Day,
                Node = request.Node,
                Scopes = scopes,
            };
            _leases.Add(lease.Id, lease);
        }

        lease.Granted += amount;
        lease.Expires = Math.Max(lease.Expires, request.NowTicks + request.LifeTicks);
        foreach (Row row in scopes) row.Outstanding += amount;
        return new LeaseGrant(
            request.CampaignId, request.Day, lease.Id, amount, room - amount, lease.Expires, lease.Settled, lease.Granted, lease.Expires - request.NowTicks);
    }

    private static void Close(Lease lease)
    {
        if (!lease.IsOpen) return;
        lease.IsOpen = false;
        foreach (Row row in lease.Scopes)
        {
            row.Outstanding -= lease.Left;
            row.Budget = Math.Max(row.Requested, row.OnTime + row.Outstanding);
        }
    }

    private void Limit(BudgetScope scope, string id, int period, long nanos)
    {
        if (!_budgets.TryGetValue((scope, id, period), out Row? row)) _budgets.Add((scope, id, period), row = new Row { Scope = scope, Id = id, Period = period });
        row.Requested = nanos;
        row.Budget = Math.Max(nanos, row.OnTime + row.Outstanding);
    }

    private void Check()
    {
        foreach (Row row in _budgets.Values)
        {
            if (row.OnTime + row.Outstanding > row.Budget) throw new InvariantBrokenException($"{row.Scope} {row.Id} {row.Period}: {row.OnTime} + {row.Outstanding} > {row.Budget}");
            if (row.Outstanding < 0 || row.Settled < 0) throw new InvariantBrokenException($"{row.Scope} {row.Id} {row.Period}: {row.Outstanding}, {row.Settled}");
        }
    }

    private sealed class Row
    {
        public required BudgetScope Scope;
        public required string Id;
        public required int Period;
        public long Requested;
        public long Budget;
        public long Settled;
        public long OnTime;
        public long Outstanding;
    }

    private sealed class Lease
    {
        public required long Id;
        public required string Tenant;
        public required string Campaign;
        public required int Day;
        public required string Node;
        public required List<Row> Scopes;
        public long Granted;
        public long Settled;
        public long Expires;
        public bool IsOpen = true;

        public long Left => Granted - Settled;
    }
}
