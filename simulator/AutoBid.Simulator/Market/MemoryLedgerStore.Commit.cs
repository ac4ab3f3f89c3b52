using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

public sealed partial class MemoryLedgerStore
{
    /// <exception cref="InvalidOperationException">A settlement of a lease that is unknown, ended or has less left, or an adjustment below 0: nothing is applied.</exception>
    public ValueTask<CommitResult> CommitAsync(LedgerCommit commit, CancellationToken cancellation)
    {
        commit.Check();
        lock (_gate)
        {
            _partitions.CheckHeld(commit.Epochs);
            if (_partitions.IsRepeated(commit)) return ValueTask.FromResult(new CommitResult([.. commit.OutsideBills.Select(FindListed).OfType<Adjustment>()]));
            Check(commit);
            foreach (LeaseSettlement settlement in commit.Settlements) Settle(_leases[settlement.LeaseId], settlement.AmountNanos);
            var listed = new List<Adjustment>();
            foreach (OutsideBill bill in commit.OutsideBills)
                if (SettleOutside(bill) is { } rest) listed.Add(rest);
            foreach (Adjustment adjustment in listed.Concat(commit.Adjustments))
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

            _partitions.Apply(commit);
            return ValueTask.FromResult(new CommitResult(listed));
        }
    }

    private static void Settle(MemoryLease lease, long nanos)
    {
        lease.SettledNanos += nanos;
        foreach (MemoryBudget scope in lease.Day.Scopes) scope.Settle(nanos);
    }

    /// <summary>Settles what the lease has left; the rest, with its day and cause.</summary>
    private Adjustment? SettleOutside(in OutsideBill outside)
    {
        Adjustment bill = outside.Bill;
        if (!_leases.TryGetValue(outside.LeaseId, out MemoryLease? lease)) return Rest(bill, "late-win");
        if (lease.Day.Tenant != bill.TenantId || lease.Day.Campaign != bill.CampaignId) return Rest(bill, "foreign-lease");
        bill = bill with { Day = lease.Day.Day };
        if (!lease.IsOpen) return Rest(bill, "late-win");
        long onTime = Math.Min(bill.AmountNanos, lease.LeftNanos);
        Settle(lease, onTime);
        return Rest(bill with { AmountNanos = bill.AmountNanos - onTime }, "lease-exhausted");
    }

    /// <summary>What an earlier attempt of the same commit listed of a bill; null: the lease paid it all. Looked up by the bill, as a database does.</summary>
    private Adjustment? FindListed(OutsideBill outside)
    {
        Adjustment bill = outside.Bill;
        int at = _adjustments.FindLastIndex(one
            => (one.TenantId, one.CampaignId, one.Identity, one.TimeTicks) == (bill.TenantId, bill.CampaignId, bill.Identity, bill.TimeTicks));
        return at < 0 ? null : bill with { Day = _adjustments[at].Day, AmountNanos = _adjustments[at].AmountNanos, Cause = _adjustments[at].Cause };
    }

    private static Adjustment? Rest(in Adjustment bill, string cause) => bill.AmountNanos > 0 ? bill with { Cause = cause } : null;

    /// <summary>What a database would refuse is looked for before anything moves.</summary>
    private void Check(LedgerCommit commit)
    {
        var settled = new Dictionary<(string Tenant, string Campaign, int Day), long>();
        foreach (IGrouping<long, LeaseSettlement> bills in commit.Settlements.GroupBy(settlement => settlement.LeaseId))
        {
            long sum = bills.Sum(bill => bill.AmountNanos);
            if (!_leases.TryGetValue(bills.Key, out MemoryLease? lease) || !lease.IsOpen) throw new InvalidOperationException($"Lease {bills.Key} is unknown or has ended.");
            if (bills.Any(bill => bill.AmountNanos < 0) || sum > lease.LeftNanos)
                throw new InvalidOperationException($"Lease {bills.Key} has {lease.LeftNanos} nanos left and cannot settle {sum}.");
            Add(lease.Day.Tenant, lease.Day.Campaign, lease.Day.Day, sum);
        }

        // Settled or listed, the whole of an outside bill is settled on its day.
        foreach (OutsideBill outside in commit.OutsideBills)
        {
            bool isOwn = _leases.TryGetValue(outside.LeaseId, out MemoryLease? lease) && lease.Day.Tenant == outside.Bill.TenantId && lease.Day.Campaign == outside.Bill.CampaignId;
            Add(outside.Bill.TenantId, outside.Bill.CampaignId, isOwn ? lease!.Day.Day : outside.Bill.Day, outside.Bill.AmountNanos);
        }

        foreach (Adjustment adjustment in commit.Adjustments)
        {
            (string, string, int) key = (adjustment.TenantId, adjustment.CampaignId, adjustment.Day);
            long before = _days.TryGetValue(key, out MemoryCampaignDay? day) ? day.DayBudget.SettledNanos : 0;
            if (before + Add(adjustment.TenantId, adjustment.CampaignId, adjustment.Day, adjustment.AmountNanos) < 0)
                throw new InvalidOperationException($"An adjustment of {adjustment.AmountNanos} nanos would take campaign {adjustment.CampaignId} below 0 settled on {adjustment.Day}.");
        }

        CheckKnown(commit.ClosedLeases);

        long Add(string tenant, string campaign, int day, long nanos) => settled[(tenant, campaign, day)] = settled.GetValueOrDefault((tenant, campaign, day)) + nanos;
    }
}
