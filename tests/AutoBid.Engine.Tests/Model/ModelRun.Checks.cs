using AutoBid.Core.Campaigns;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Model;

/// <content>What must hold after every command.</content>
internal sealed partial class ModelRun
{
    private readonly Dictionary<string, (int Day, (long Count, long ValueMicros) Before)> _days = [];
    private readonly Dictionary<(BudgetScope Scope, string Id, int Period), long> _used = [];

    /// <summary>After an advance: which days began, and which limits are in force.</summary>
    private async Task LearnDaysAsync()
    {
        foreach (int c in Enumerable.Range(0, _settings.Length))
        {
            var settings = _settings[c];
            CampaignStatusView look = (await _engine.LookAsync(Tenant, settings.Id, default))!;
            if (look.Day == 0 || (_days.TryGetValue(settings.Id, out var known) && known.Day == look.Day)) continue;
            long began = _naive.TickAt(DayStart(settings, look.Day));
            _days[settings.Id] = (look.Day, _naive.Conversions(settings.Id, began));
        }
    }

    private async Task CheckAsync()
    {
        // Both have applied the same log up to the same instant.
        // Identities are forgotten at ticks: until its first one a restarted engine has forgotten some that the other has yet to.
        if (_hasTicked) Assert.Equal(await _twin.StateHashAsync(default), await _engine.StateHashAsync(default));
        LedgerSnapshot snapshot = await _store.Store.LoadAsync([0, 1, 2], default);
        foreach (int c in Enumerable.Range(0, _settings.Length)) await CheckAsync(c, snapshot);
        _inForceBefore = _inForce;
    }

    private async Task CheckAsync(int campaign, LedgerSnapshot snapshot)
    {
        var settings = _settings[campaign];
        IReadOnlyList<BudgetRow> rows = await _store.Store.BudgetsAsync(Tenant, settings.Id, default);
        IReadOnlyList<Adjustment> adjustments = await _store.AdjustmentsAsync(Tenant, settings.Id);
        foreach (int day in _naive.Days(settings.Id))
        {
            long settled = rows.Where(row => row.Scope == BudgetScope.Day && row.Period == day).Sum(row => row.SettledNanos);
            Assert.True(_naive.Spent(settings.Id, day) == settled, $"{settings.Id} {day}: {_naive.Spent(settings.Id, day)} was billed, {settled} is settled");
        }

        foreach (BudgetRow row in rows) await CheckScopeAsync(campaign, row, snapshot);
        CheckCauses(settings.Id, adjustments);
        CampaignStatusView look = (await _engine.LookAsync(Tenant, settings.Id, default))!;
        if (look.Day == 0 || !_days.TryGetValue(settings.Id, out var began) || began.Day != look.Day) return;
        Assert.True(_naive.Spent(settings.Id, look.Day) == look.SpentNanos, $"{settings.Id} {look.Day}: {_naive.Spent(settings.Id, look.Day)} was billed, the engine says {look.SpentNanos}");
        (long count, long value) = _naive.Conversions(settings.Id, long.MaxValue);
        Assert.Equal((settings.Id, count - began.Before.Count, value - began.Before.ValueMicros), (settings.Id, look.Conversions, look.ConversionValueMicros));
        CheckHolds(campaign, look);
    }

    private async Task CheckScopeAsync(int campaign, BudgetRow row, LedgerSnapshot snapshot)
    {
        var scope = (row.Scope, row.Id, row.Period);
        int[] members = row.Scope == BudgetScope.Account ? [0, 1] : [campaign];
        long raised = 0, outstanding = 0, settled = 0;
        foreach (int member in members)
        {
            string id = _settings[member].Id;
            bool Covers(int day) => row.Scope == BudgetScope.Flight || day == row.Period;
            raised += (await _store.AdjustmentsAsync(Tenant, id)).Where(one => Covers(one.Day)).Sum(one => Math.Max(one.AmountNanos, 0));
            outstanding += snapshot.Leases.Where(one => one.CampaignId == id && Covers(one.Day)).Sum(one => one.GrantedNanos - one.SettledNanos);
            settled += _naive.Days(id).Where(Covers).Sum(day => _naive.Spent(id, day));
        }

        Assert.True(outstanding == row.OutstandingNanos, $"{row}: open leases have {outstanding} left");
        if (_store.CountsEveryScope) Assert.True(settled == row.SettledNanos, $"{row}: {settled} was billed");
        Assert.True(row.SettledNanos - row.BudgetNanos <= raised, $"{row} is overspent by more than its adjustments of {raised}");

        // What is used beside adjustments never grows past the limit in force, and falls to it after it was lowered.
        long limit = Math.Max(LimitOf(row.Scope, _inForce[campaign]), LimitOf(row.Scope, _inForceBefore[campaign]));
        long used = row.SettledNanos + row.OutstandingNanos - raised;
        long most = Math.Max(limit, _used.GetValueOrDefault(scope));
        Assert.True(used <= most, $"{row}: {used} is used beside adjustments of {raised}, at most {most} may be");
        _used[scope] = used;
    }

    private static long LimitOf(BudgetScope scope, Campaign settings) => scope switch
    {
        BudgetScope.Day => settings.DailyBudgetNanos,
        BudgetScope.Flight => settings.FlightBudgetNanos!.Value,
        _ => settings.AccountBudgetNanos!.Value,
    };

    /// <summary>A bill that came in time at no more than its bid is no adjustment; what no lease of this engine covers is one in full.</summary>
    private void CheckCauses(string campaign, IReadOnlyList<Adjustment> adjustments)
    {
        foreach (NaiveLedger.Delivered one in _naive.All)
        {
            if (one.Sent.Event.Kind != EventKind.Bill || one.Sent.Event.CampaignId != campaign) continue;
            long adjusted = adjustments.Where(a => a.Identity == one.Sent.Event.Identity).Sum(a => a.AmountNanos);
            EngineEvent e = one.Sent.Event;
            if (e.Lease == 0) Assert.Equal((one.Sent.Key, e.AmountNanos), (one.Sent.Key, adjusted));
            bool inTime = one.Sent.Bid is { IsStolen: false } bid && bid.Process == _process && e.AmountNanos <= bid.PriceNanos
                && _naive.TickAt(bid.Expires) >= one.AppliedAt && !_naive.All.Any(other => other.Sent.Bid == bid && other.Sent.Event.Kind == EventKind.Loss);
            Assert.True(!inTime || adjusted == 0, $"{one.Sent.Key} came in time and was adjusted by {adjusted}");
        }
    }

    /// <summary>granted = headroom + open holds + settled, with the holds as the exchange counts them.</summary>
    private void CheckHolds(int campaign, CampaignStatusView look)
    {
        if (look.Lease.LeaseId == 0) return;
        long open = _bids.Where(bid => bid.Lease == look.Lease.LeaseId && bid.Campaign == campaign && !bid.IsOver).Sum(bid => bid.PriceNanos);
        Assert.True(
            look.Lease.GrantedNanos == look.Lease.HeadroomNanos + open + look.Lease.SettledNanos, $"{look.Lease}: holds of {open} are open");
    }
}
