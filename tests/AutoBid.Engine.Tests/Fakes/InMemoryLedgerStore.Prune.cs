using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Fakes;

internal sealed partial class InMemoryLedgerStore
{
    /// <summary>Every call of <see cref="PruneAsync"/>: its instant, and what it forgot.</summary>
    public List<(long NowTicks, PruneResult Result)> Prunes { get; } = [];

    /// <summary>How many of the coming calls of <see cref="PruneAsync"/> fail.</summary>
    public int FailPrunes { get; set; }

    public ValueTask<PruneResult> PruneAsync(LedgerRetention retention, long nowTicks, int atMost, CancellationToken cancellation)
    {
        lock (_gate)
        {
            Refuse();
            if (FailPrunes > 0)
            {
                FailPrunes--;
                throw new StoreUnavailableException("the database does not answer");
            }

            int firstDay = retention.FirstDay(nowTicks);
            var open = _leases.Values.Where(lease => lease.IsOpen).Select(KeyOf).ToHashSet();
            var days = _scopes.Keys.Where(key => key.Day < firstDay && !open.Contains(key)).Order().Take(atMost).ToHashSet();
            long[] leases = [.. _leases.Values.Where(lease => days.Contains(KeyOf(lease))).Select(lease => lease.Id)];
            foreach (long id in leases) _leases.Remove(id);
            foreach (var key in days)
            {
                _scopes.Remove(key);
                _budgets.Remove((BudgetScope.Day, key.Campaign, key.Day));
            }

            var used = _scopes.Values.SelectMany(rows => rows).ToHashSet();
            var accounts = _budgets.Where(pair => pair.Key.Scope == BudgetScope.Account && pair.Key.Period < firstDay && !used.Contains(pair.Value))
                .Select(pair => pair.Key).OrderBy(key => (key.Period, key.Id)).Take(atMost).ToList();
            foreach (var key in accounts) _budgets.Remove(key);
            int adjustments = PruneAdjustments(retention.FirstAdjustmentTicks(nowTicks), atMost);
            Check();
            var result = new PruneResult(days.Count, leases.Length, accounts.Count, adjustments, days.Count == atMost || accounts.Count == atMost || adjustments == atMost);
            Prunes.Add((nowTicks, result));
            return ValueTask.FromResult(result);
        }
    }

    private int PruneAdjustments(long firstTicks, int atMost)
    {
        List<Adjustment> old =
        [
            .. Adjustments.Where(one => one.TimeTicks < firstTicks && !_scopes.ContainsKey((one.TenantId, one.CampaignId, one.Day))).OrderBy(one => one.TimeTicks).Take(atMost),
        ];
        foreach (Adjustment one in old)
        {
            Adjustments.Remove(one);
            (long up, long down) = _forgotten.GetValueOrDefault((one.TenantId, one.CampaignId));
            _forgotten[(one.TenantId, one.CampaignId)] = (up + Math.Max(one.AmountNanos, 0), down + Math.Max(-one.AmountNanos, 0));
        }

        return old.Count;
    }
}
