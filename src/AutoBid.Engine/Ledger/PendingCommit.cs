using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>What was applied since the last commit was put together. Owned by the loop's thread.</summary>
public sealed class PendingCommit(SeenMemory seen)
{
    private readonly Dictionary<long, long> _settled = [];
    private readonly Dictionary<long, LeaseOutcomes> _outcomes = [];

    // Of own leases, among the outside bills: what was settled here.
    private Dictionary<long, long> _divided = [];

    /// <summary>Events applied since the last commit was put together.</summary>
    public int Events { get; private set; }

    public List<OutsideBill> OutsideBills { get; } = [];

    public List<Adjustment> Adjustments { get; } = [];

    public List<long> ClosedLeases { get; } = [];

    public bool IsEmpty
        => !seen.HasPending && OutsideBills.Count == 0 && Adjustments.Count == 0 && ClosedLeases.Count == 0 && _settled.Count == 0;

    /// <summary>Adds a bill on time under a lease.</summary>
    public void Settle(long leaseId, long nanos) => _settled[leaseId] = _settled.GetValueOrDefault(leaseId) + nanos;

    /// <summary>Bills on time under leases of this node since the last commit was put together, per lease.</summary>
    public IEnumerable<LeaseSettlement> Settlements => _settled.Concat(_divided).Select(pair => new LeaseSettlement(pair.Key, pair.Value));

    /// <summary>What the bills added under a lease since the last commit, nanos.</summary>
    public long SettledOf(long leaseId) => _settled.GetValueOrDefault(leaseId) + _divided.GetValueOrDefault(leaseId);

    /// <summary>Adds a bill that the store divides into what its lease pays and an adjustment.</summary>
    /// <param name="settledNanos">What was settled of it under a lease of this node; 0: the lease is another's.</param>
    public void Divide(in OutsideBill bill, long settledNanos)
    {
        OutsideBills.Add(bill);
        if (settledNanos > 0) _divided[bill.LeaseId] = _divided.GetValueOrDefault(bill.LeaseId) + settledNanos;
    }

    /// <summary>What was settled here of the divided bills that the commit takes, per lease.</summary>
    public IReadOnlyDictionary<long, long> TakeDivided()
    {
        Dictionary<long, long> taken = _divided;
        if (taken.Count > 0) _divided = [];
        return taken;
    }

    public void CountEvent() => Events++;

    /// <summary>Adds the end of a bid whose hold is on another node.</summary>
    public void End(string node, long leaseId, BidOutcome outcome, long timeTicks)
    {
        if (!_outcomes.TryGetValue(leaseId, out LeaseOutcomes? outcomes)) _outcomes.Add(leaseId, outcomes = new LeaseOutcomes(node, leaseId, timeTicks, new List<BidOutcome>()));
        ((List<BidOutcome>)outcomes.Outcomes).Add(outcome);
    }

    /// <summary>What other nodes are told once the commit taken with it is durable.</summary>
    public List<LeaseOutcomes> TakeOutcomes()
    {
        List<LeaseOutcomes> taken = [.. _outcomes.Values];
        _outcomes.Clear();
        return taken;
    }

    /// <summary>
    /// Everything as a commit, which from then on is the only place where it is: a commit that failed is repeated as it is, because it may have been
    /// applied, and what comes meanwhile gathers here.
    /// </summary>
    public LedgerCommit Take()
    {
        var commit = new LedgerCommit();
        SeenChanges changes = seen.Take();
        commit.SeenDropped.AddRange(changes.Dropped);
        commit.SeenReplaced.AddRange(changes.Replaced);
        commit.Seen.AddRange(changes.Appended);
        commit.OutsideBills.AddRange(OutsideBills);
        commit.Adjustments.AddRange(Adjustments);
        commit.ClosedLeases.AddRange(ClosedLeases);
        foreach ((long lease, long nanos) in _settled.OrderBy(pair => pair.Key)) commit.Settlements.Add(new LeaseSettlement(lease, nanos));
        ClearMoney();
        return commit;
    }

    /// <summary>Everything is another node's to apply again.</summary>
    public void Clear()
    {
        ClearMoney();
        _divided.Clear();
        _outcomes.Clear();
    }

    private void ClearMoney()
    {
        Events = 0;
        OutsideBills.Clear();
        Adjustments.Clear();
        ClosedLeases.Clear();
        _settled.Clear();
    }
}
