using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

public sealed partial class MemoryLedgerStore
{
    public ValueTask<PruneResult> PruneAsync(LedgerRetention retention, long nowTicks, int atMost, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(atMost);
        int firstDay = retention.FirstDay(nowTicks);
        long firstTicks = retention.FirstAdjustmentTicks(nowTicks);
        lock (_gate)
        {
            (int days, int leases) = PruneDays(firstDay, atMost);
            // The sums of an account are those of the campaign days that point at it, so it stays as long as one of them.
            HashSet<MemoryBudget> used = [.. _days.Values.Select(day => day.AccountBudget).OfType<MemoryBudget>()];
            (BudgetScope, string, string, int)[] accounts =
            [
                .. _budgets.Where(pair => pair.Key.Scope == BudgetScope.Account && pair.Key.Period < firstDay && !used.Contains(pair.Value)).Select(pair => pair.Key)
                    .OrderBy(key => key.Period).ThenBy(key => key.Tenant, StringComparer.Ordinal).ThenBy(key => key.Id, StringComparer.Ordinal).Take(atMost),
            ];
            foreach ((BudgetScope, string, string, int) key in accounts) _budgets.Remove(key);
            int adjustments = PruneAdjustments(firstTicks, atMost);
            return ValueTask.FromResult(new PruneResult(
                days, leases, accounts.Length, adjustments, days == atMost || accounts.Length == atMost || adjustments == atMost));
        }
    }

    private (int Days, int Leases) PruneDays(int firstDay, int atMost)
    {
        HashSet<MemoryCampaignDay> open = [.. _openByNode.Keys.Select(key => key.Day)];
        MemoryCampaignDay[] days =
        [
            .. _days.Values.Where(day => day.Day < firstDay && !open.Contains(day))
                .OrderBy(day => day.Day).ThenBy(day => day.Tenant, StringComparer.Ordinal).ThenBy(day => day.Campaign, StringComparer.Ordinal).Take(atMost),
        ];
        foreach (MemoryCampaignDay day in days)
        {
            _days.Remove((day.Tenant, day.Campaign, day.Day));
            _budgets.Remove((BudgetScope.Day, day.Tenant, day.Campaign, day.Day));
        }

        HashSet<MemoryCampaignDay> gone = [.. days];
        long[] leases = [.. _leases.Values.Where(lease => gone.Contains(lease.Day)).Select(lease => lease.Id)];
        foreach (long id in leases) _leases.Remove(id);
        return (days.Length, leases.Length);
    }

    private int PruneAdjustments(long firstTicks, int atMost)
    {
        // A day that is there may exceed its budget by its adjustments, so they stay as long as it.
        int[] old =
        [
            .. Enumerable.Range(0, _adjustments.Count)
                .Where(at => _adjustments[at].TimeTicks < firstTicks && !_days.ContainsKey((_adjustments[at].TenantId, _adjustments[at].CampaignId, _adjustments[at].Day)))
                .OrderBy(at => _adjustments[at].TimeTicks).ThenBy(at => at).Take(atMost).OrderDescending(),
        ];
        foreach (int at in old)
        {
            Adjustment one = _adjustments[at];
            (long up, long down) = _forgotten.GetValueOrDefault((one.TenantId, one.CampaignId));
            _forgotten[(one.TenantId, one.CampaignId)] = (up + Math.Max(one.AmountNanos, 0), down + Math.Max(-one.AmountNanos, 0));
            _adjustments.RemoveAt(at);
        }

        return old.Length;
    }
}
