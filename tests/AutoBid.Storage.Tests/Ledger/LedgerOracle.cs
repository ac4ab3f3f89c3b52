using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

/// <summary>
/// The ledger's rules in their plainest form: every sum is computed anew from the list of leases and adjustments, so it shares no arithmetic with a store.
/// </summary>
internal sealed class LedgerOracle
{
    private readonly List<Lease> _leases = [];
    private readonly List<(string Campaign, int Day, long Amount)> _adjustments = [];
    private readonly Dictionary<(string Campaign, int Day), string?> _days = [];
    private readonly Dictionary<(BudgetScope Scope, string Id, int Period), long?> _limits = [];

    public IReadOnlyList<Lease> Leases => _leases;

    public void SetBudgets(in BudgetSetting setting)
    {
        _days[(setting.CampaignId, setting.Day)] = setting.Account;
        _limits[(BudgetScope.Day, setting.CampaignId, setting.Day)] = setting.DayNanos;
        _limits[(BudgetScope.Flight, setting.CampaignId, 0)] = setting.FlightNanos;
        if (setting.Account is { } account && setting.AccountNanos is { } limit) _limits[(BudgetScope.Account, account, setting.Day)] = limit;
    }

    /// <summary>What the request must be granted, and what the scopes have left after it.</summary>
    public (long Granted, long Remaining) Expect(in LeaseRequest request)
    {
        if (!_days.ContainsKey((request.CampaignId, request.Day))) return (0, 0);
        long room = long.MaxValue;
        foreach (var scope in Scopes(request.CampaignId, request.Day))
        {
            if (_limits.GetValueOrDefault(scope) is { } limit) room = Math.Min(room, limit - Settled(scope) - Outstanding(scope));
        }

        long granted = Math.Min(request.AmountNanos, Math.Max(room, 0));
        return (granted, Math.Max(room, 0) - granted);
    }

    public void Granted(in LeaseRequest request, in LeaseGrant grant)
    {
        (string campaign, int day, string node) = (request.CampaignId, request.Day, request.Node);
        Lease? lease = _leases.Find(one => one.Open && one.Campaign == campaign && one.Day == day && one.Node == node);
        if (lease is null && grant.GrantedNanos > 0) _leases.Add(lease = new Lease(grant.LeaseId, campaign, day, node));
        Assert.Equal(lease?.Id ?? 0, grant.LeaseId);
        if (lease is null) return;
        lease.GrantedNanos += grant.GrantedNanos;
        lease.ExpiresTicks = Math.Max(lease.ExpiresTicks, request.NowTicks + request.LifeTicks);
        Assert.Equal(
            (lease.ExpiresTicks, lease.ExpiresTicks - request.NowTicks, lease.GrantedNanos, lease.SettledNanos),
            (grant.ExpiresTicks, grant.LifeTicks, grant.TotalGrantedNanos, grant.SettledNanos));
    }

    /// <summary>Settles of an outside bill what its lease has left and adjusts by the rest; the adjustment that must be listed, or null.</summary>
    public Adjustment? Bill(in OutsideBill outside)
    {
        long id = outside.LeaseId;
        Adjustment bill = outside.Bill;
        Lease? lease = _leases.Find(one => one.Id == id);
        string cause = lease is null ? "late-win" : lease.Campaign != bill.CampaignId ? "foreign-lease" : lease.Open ? "lease-exhausted" : "late-win";
        if (lease is not null && lease.Campaign == bill.CampaignId) bill = bill with { Day = lease.Day };
        long onTime = cause == "lease-exhausted" ? Math.Min(lease!.GrantedNanos - lease.SettledNanos, bill.AmountNanos) : 0;
        if (onTime > 0) lease!.SettledNanos += onTime;
        if (bill.AmountNanos == onTime) return null;
        Adjust(bill.CampaignId, bill.Day, bill.AmountNanos - onTime);
        return bill with { AmountNanos = bill.AmountNanos - onTime, Cause = cause };
    }

    /// <summary>Day on which an outside bill counts, whatever part of it is on time.</summary>
    public int DayOf(in OutsideBill outside)
    {
        long id = outside.LeaseId;
        Lease? lease = _leases.Find(one => one.Id == id);
        return lease is not null && lease.Campaign == outside.Bill.CampaignId ? lease.Day : outside.Bill.Day;
    }

    public bool CanAdjust(string campaign, int day, long amount) => Settled((BudgetScope.Day, campaign, day)) + amount >= 0;

    public void Adjust(string campaign, int day, long amount)
    {
        _adjustments.Add((campaign, day, amount));
        if (_days.TryAdd((campaign, day), null)) _limits[(BudgetScope.Day, campaign, day)] = 0;
    }

    /// <summary>The rows a store must show for the campaign, checked one by one for the ledger's invariants.</summary>
    public void Check(string campaign, IReadOnlyList<BudgetRow> rows)
    {
        var expected = _days.Keys.Where(day => day.Campaign == campaign).SelectMany(day => Scopes(campaign, day.Day))
            .Where(scope => _limits.GetValueOrDefault(scope) is not null).ToHashSet();
        Assert.Equal(expected, rows.Select(row => (row.Scope, row.Id, row.Period)).ToHashSet());
        foreach (BudgetRow row in rows)
        {
            var scope = (row.Scope, row.Id, row.Period);
            Assert.Equal((Settled(scope), Outstanding(scope)), (row.SettledNanos, row.OutstandingNanos));

            long requested = _limits[scope]!.Value;
            long used = row.SettledNanos + row.OutstandingNanos;
            Assert.InRange(row.BudgetNanos, requested, Math.Max(requested, used));
            Assert.True(used <= row.BudgetNanos + Raised(scope), $"{row} exceeds its budget by more than its adjustments of {Raised(scope)}.");
        }
    }

    private IEnumerable<(BudgetScope Scope, string Id, int Period)> Scopes(string campaign, int day)
    {
        yield return (BudgetScope.Day, campaign, day);
        yield return (BudgetScope.Flight, campaign, 0);
        if (_days.GetValueOrDefault((campaign, day)) is { } account) yield return (BudgetScope.Account, account, day);
    }

    private bool Covers((BudgetScope Scope, string Id, int Period) scope, string campaign, int day) => Scopes(campaign, day).Contains(scope);

    private long Settled((BudgetScope Scope, string Id, int Period) scope)
        => _leases.Where(lease => Covers(scope, lease.Campaign, lease.Day)).Sum(lease => lease.SettledNanos)
            + _adjustments.Where(one => Covers(scope, one.Campaign, one.Day)).Sum(one => one.Amount);

    private long Outstanding((BudgetScope Scope, string Id, int Period) scope)
        => _leases.Where(lease => lease.Open && Covers(scope, lease.Campaign, lease.Day)).Sum(lease => lease.GrantedNanos - lease.SettledNanos);

    // An account can be left by the campaign whose adjustment raised it, so all adjustments of the run bound it.
    private long Raised((BudgetScope Scope, string Id, int Period) scope)
        => _adjustments.Where(one => scope.Scope == BudgetScope.Account || Covers(scope, one.Campaign, one.Day)).Sum(one => Math.Max(one.Amount, 0));

    internal sealed class Lease(long id, string campaign, int day, string node)
    {
        public long Id => id;

        public string Campaign => campaign;

        public int Day => day;

        public string Node => node;

        public long GrantedNanos { get; set; }

        public long SettledNanos { get; set; }

        public long ExpiresTicks { get; set; }

        public bool Open { get; set; } = true;
    }
}
