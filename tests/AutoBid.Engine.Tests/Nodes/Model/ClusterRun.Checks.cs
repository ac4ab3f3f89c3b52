using AutoBid.Core.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Model;

namespace AutoBid.Engine.Tests.Nodes.Model;

/// <content>What must hold. The store itself refuses to let settled on time + outstanding pass a budget, in any scope, at any call.</content>
internal sealed partial class ClusterRun
{
    /// <summary>At every instant: no more is settled than was billed, and of no bill more than its amount is listed as an adjustment.</summary>
    private async Task CheckAsync()
    {
        foreach (Campaign settings in _settings)
        {
            foreach (BudgetRow row in await _store.BudgetsAsync(Tenant, settings.Id, default))
            {
                if (row.Scope != BudgetScope.Day) continue;
                long billed = _naive.Spent(settings.Id, row.Period);
                Assert.True(row.SettledNanos <= billed, $"{settings.Id} {row.Period}: {billed} was billed, {row.SettledNanos} is settled");
            }
        }

        foreach (var one in _store.Adjustments.GroupBy(one => one.Identity))
        {
            long amount = _naive.All.Where(bill => bill.IsMoney && bill.Sent.Event.Identity == one.Key).Sum(bill => bill.Sent.Event.AmountNanos);
            long listed = one.Sum(adjustment => adjustment.AmountNanos);
            Assert.True(listed <= amount, $"{listed} of a bill of {amount} is listed as an adjustment: {one.First()}");
        }
    }

    /// <summary>
    /// What is listed has its reason in what was sent: bills without a lease of their campaign in full, bills above their bids by the excess, bills that came
    /// when their hold may have been over. So a bid that was billed in time at its price never is one, whichever node died or was taken over.
    /// </summary>
    private void CheckAdjustments()
    {
        foreach (string account in _settings.Select(one => one.Id))
        {
            long listed = _store.Adjustments.Where(one => one.CampaignId == account).Sum(one => one.AmountNanos);
            long explained = _naive.All.Where(one => one.IsMoney && one.Sent.Event.CampaignId == account).Sum(Excess);
            Assert.True(
                listed <= explained,
                $"{account}: adjustments of {listed}, {explained} have a reason\n{string.Join('\n', _store.Adjustments.Where(one => one.CampaignId == account))}");
        }
    }

    private long Excess(NaiveLedger.Delivered bill)
    {
        EngineEvent e = bill.Sent.Event;
        if (bill.Sent.Bid is not { IsStolen: false } bid) return e.AmountNanos;
        bool isLate = Now - bid.At > _hold.Ticks || _naive.All.Any(other => other.Sent.Bid == bid && other.Sent.Event.Kind == EventKind.Loss);
        return isLate ? e.AmountNanos : Math.Max(e.AmountNanos - bid.PriceNanos, 0);
    }
}
