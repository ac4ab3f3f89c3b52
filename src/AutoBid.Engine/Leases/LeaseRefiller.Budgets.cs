using AutoBid.Core.Campaigns;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Leases;

/// <content>What the owner of a campaign's ledger does: budgets in the store, and leases of DSPs that bid by themselves.</content>
public sealed partial class LeaseRefiller
{
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
            if (!entry.IsOwned || entry.Settings is not { } settings || entry.Day == 0) continue;
            if (entry.BudgetVersion == settings.Version && entry.BudgetDay == entry.Day) continue;
            _budgets.Add(new BudgetSetting(
                settings.TenantId, settings.Id, entry.Partition, entry.Day, settings.DailyBudgetNanos, settings.FlightBudgetNanos, settings.Account, settings.AccountBudgetNanos));
            _budgetOf.Add(c);
        }

        if (_budgets.Count > 0) await TellAsync(cancellation).ConfigureAwait(false);
        book.HasUntoldDays = false;
    }

    private async ValueTask TellAsync(CancellationToken cancellation)
    {
        await store.SetBudgetsAsync(_budgets, book.Owned.All, cancellation).ConfigureAwait(false);
        foreach (int c in _budgetOf)
        {
            ref CampaignEntry entry = ref book[c];
            entry.BudgetVersion = entry.Settings!.Version;
            entry.BudgetDay = entry.Day;
            ref LeaseDemand demand = ref Demand(c);
            demand.RemainingNanos = -1;
            demand.AskAgainTicks = 0;
            demand.Denials = 0;
            Prepare(c);
        }
    }

    /// <summary>A first lease before the first bid, behind what bids want now: a store that grants all campaigns of a node at once keeps the loop for seconds.</summary>
    public void Prepare(int campaign) => _first.Enqueue(campaign);

    /// <summary>What another node's lease on a campaign should ask for; null: the campaign cannot bid now.</summary>
    /// <param name="leftOf">What the lease still has for (tenant, campaign, node), nanos.</param>
    public LeaseRequest? RequestFor(int campaign, string node, long nowTicks, Func<string, string, string, long> leftOf)
    {
        ref CampaignEntry entry = ref book[campaign];
        if (!entry.IsActive || entry.Day == 0 || entry.BudgetDay != entry.Day) return null;
        Campaign settings = entry.Settings!;
        // Its bids are counted by nobody here: what the campaign spends stands in for them.
        double perSecond = entry.SpentNanos / Math.Max((nowTicks - entry.DayStartTicks) / (double)TimeSpan.TicksPerSecond, 1);
        long size = Math.Max((long)(LeaseDemand.SecondsPerLease * perSecond), Math.Max(settings.DailyBudgetNanos / SmallestShareOfDay, 1));
        long left = leftOf(settings.TenantId, settings.Id, node);
        long amount = left < size / 2 ? size - left : 0;
        long remaining = Demand(campaign).RemainingNanos;
        if (remaining >= 0) amount = Math.Min(amount, remaining / (2L * Nodes));
        return new LeaseRequest(settings.TenantId, settings.Id, entry.Day, node, amount, nowTicks, LifeTicks);
    }
}
