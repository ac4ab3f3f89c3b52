using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

/// <summary>
/// The ledger's rules in their plainest form: every sum is computed anew from the list of leases and adjustments, so it shares no arithmetic with a store.
/// </summary>
internal sealed class LedgerOracle
{
    private readonly List<Lease> _leases = [];
    private readonly List<(string Campaign, int Day, long Amount)> _adjustments = [];

    // What was settled on days that are gone: it counts in its flight alone.
    private readonly List<(string Campaign, long Amount)> _before = [];
    private readonly List<(string Campaign, int Day, long Amount)> _forgotten = [];
    private readonly List<(string Campaign, int Day, long Amount)> _gone = [];
    private readonly Dictionary<(string Account, int Day), long> _accountsBefore = [];
    private readonly HashSet<(string Name, int Day)> _accounts = [];
    private readonly HashSet<string> _flights = [];
    private readonly Dictionary<(string Campaign, int Day), string?> _days = [];
    private readonly Dictionary<(BudgetScope Scope, string Id, int Period), long?> _limits = [];

    public IReadOnlyList<Lease> Leases => _leases;

    /// <summary>One that was forgotten; null: none was.</summary>
    public long? ForgottenLease { get; private set; }

    /// <summary>Forgets days before one, and adjustments, all of which are old, once their day is gone.</summary>
    public PruneResult Prune(int firstDay, bool takesAdjustments)
    {
        HashSet<(string, int)> gone = [.. _days.Keys.Where(key => key.Day < firstDay && !_leases.Exists(lease => lease.Open && (lease.Campaign, lease.Day) == key))];
        foreach ((string campaign, int day) in gone)
        {
            long settled = Settled((BudgetScope.Day, campaign, day));
            long listed = _adjustments.Where(one => (one.Campaign, one.Day) == (campaign, day)).Sum(one => one.Amount);
            _before.Add((campaign, settled - listed));
            // An account keeps what was settled by a campaign whose day is gone.
            if (_days[(campaign, day)] is { } account) _accountsBefore[(account, day)] = _accountsBefore.GetValueOrDefault((account, day)) + settled;
        }

        int leases = _leases.RemoveAll(lease =>
        {
            if (!gone.Contains((lease.Campaign, lease.Day))) return false;
            ForgottenLease = lease.Id;
            return true;
        });
        foreach ((string campaign, int day) key in gone)
        {
            _days.Remove(key);
            _limits.Remove((BudgetScope.Day, key.campaign, key.day));
            _gone.AddRange(_adjustments.Where(one => (one.Campaign, one.Day) == key));
            _adjustments.RemoveAll(one => (one.Campaign, one.Day) == key);
        }

        (string, int)[] accounts = [.. _accounts.Where(account => account.Day < firstDay && !_days.Any(day => day.Key.Day == account.Day && day.Value == account.Name))];
        foreach ((string name, int day) in accounts)
        {
            _accounts.Remove((name, day));
            _accountsBefore.Remove((name, day));
            _limits.Remove((BudgetScope.Account, name, day));
        }

        int adjustments = 0;
        if (takesAdjustments)
        {
            // One of a day that was made anew stays with the day, though an earlier one of the same date may be gone.
            var old = _gone.Where(one => !_days.ContainsKey((one.Campaign, one.Day))).ToList();
            adjustments = old.Count;
            _forgotten.AddRange(old);
            _gone.RemoveAll(one => !_days.ContainsKey((one.Campaign, one.Day)));
        }

        return new PruneResult(gone.Count, leases, accounts.Length, adjustments, false);
    }

    /// <summary>What a store must list of a campaign: every amount once, by itself or in one of two sums, which stand first.</summary>
    public void Check(string campaign, IReadOnlyList<Adjustment> listed)
    {
        var forgotten = _forgotten.Where(one => one.Campaign == campaign).ToList();
        long[] sums = [forgotten.Sum(one => Math.Max(one.Amount, 0)), forgotten.Sum(one => Math.Min(one.Amount, 0))];
        Assert.Equal(sums.Where(sum => sum != 0), listed.TakeWhile(one => one.Day == 0).Select(one => one.AmountNanos));
        Assert.Equal(
            _gone.Concat(_adjustments).Where(one => one.Campaign == campaign).Select(one => (one.Day, one.Amount)).Order(),
            listed.SkipWhile(one => one.Day == 0).Select(one => (one.Day, one.AmountNanos)).Order());
    }

    public void SetBudgets(in BudgetSetting setting)
    {
        _days[(setting.CampaignId, setting.Day)] = setting.Account;
        _flights.Add(setting.CampaignId);
        if (setting.Account is { } joined) _accounts.Add((joined, setting.Day));
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
        _flights.Add(campaign);
        if (_days.TryAdd((campaign, day), null)) _limits[(BudgetScope.Day, campaign, day)] = 0;
    }

    /// <summary>The rows a store must show for the campaign, checked one by one for the ledger's invariants.</summary>
    public void Check(string campaign, IReadOnlyList<BudgetRow> rows)
    {
        var expected = _days.Keys.Where(day => day.Campaign == campaign).SelectMany(day => Scopes(campaign, day.Day))
            .Concat(_flights.Where(flight => flight == campaign).Select(flight => (Scope: BudgetScope.Flight, Id: flight, Period: 0)))
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
            + _adjustments.Where(one => Covers(scope, one.Campaign, one.Day)).Sum(one => one.Amount)
            + Before(scope);

    private long Before((BudgetScope Scope, string Id, int Period) scope) => scope.Scope switch
    {
        BudgetScope.Flight => _before.Where(one => one.Campaign == scope.Id).Sum(one => one.Amount)
            + _gone.Concat(_forgotten).Where(one => one.Campaign == scope.Id).Sum(one => one.Amount),
        BudgetScope.Account => _accountsBefore.GetValueOrDefault((scope.Id, scope.Period)),
        _ => 0,
    };

    private long Outstanding((BudgetScope Scope, string Id, int Period) scope)
        => _leases.Where(lease => lease.Open && Covers(scope, lease.Campaign, lease.Day)).Sum(lease => lease.GrantedNanos - lease.SettledNanos);

    // An account can be left by the campaign whose adjustment raised it, so all adjustments of the run bound it.
    private long Raised((BudgetScope Scope, string Id, int Period) scope)
        => _adjustments.Where(one => scope.Scope == BudgetScope.Account || Covers(scope, one.Campaign, one.Day))
            .Concat(_gone.Concat(_forgotten).Where(one => scope.Scope == BudgetScope.Account || (scope.Scope == BudgetScope.Flight && scope.Id == one.Campaign)))
            .Sum(one => Math.Max(one.Amount, 0));

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
