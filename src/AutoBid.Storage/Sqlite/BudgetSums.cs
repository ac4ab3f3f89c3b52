using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

/// <summary>
/// What one commit moves in budget rows, summed by row, so that a row is written once however many bills it counts. All calls belong inside one write
/// transaction, with no other change of these rows between the first of them and <see cref="Write"/>.
/// </summary>
internal sealed class BudgetSums(SqliteSession session)
{
    // ?2: settled on time, out of outstanding. ?3, ?4: sum of the adjustments, and the least that it was after any of them. A correction downwards first takes
    // back what earlier adjustments raised: raised after each is max(0, raised + amount), which for all of them is the sum + max(raised, -least).
    private const string MoveSql =
        "UPDATE budget SET settled = settled + ?2 + ?3, outstanding = outstanding - ?2, raised = ?3 + max(raised, -?4), "
        + "budget = max(requested, settled + outstanding - max(raised, -?4)) WHERE budget_id = ?1 AND settled + ?2 + ?4 >= 0";

    private const string ListSql =
        "INSERT INTO adjustment (tenant, campaign, day, amount, cause, identity_high, identity_low, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

    private static readonly Comparer<(string Tenant, string Campaign)> ByBytes = Comparer<(string Tenant, string Campaign)>.Create(
        static (a, b) => string.CompareOrdinal(a.Tenant, b.Tenant) is var order and not 0 ? order : string.CompareOrdinal(a.Campaign, b.Campaign));

    private readonly Dictionary<long, Sum> _sums = [];
    private readonly Dictionary<(string Tenant, string Campaign, int Day), CampaignScopes> _days = [];
    private readonly List<(Adjustment Adjustment, CampaignScopes Scopes)> _adjustments = [];

    /// <summary>Moves an amount from outstanding to settled in every scope.</summary>
    public void Settle(in CampaignScopes scopes, long nanos)
    {
        foreach (long budget in scopes.Budgets)
        {
            Sum before = _sums.GetValueOrDefault(budget);
            _sums[budget] = before with { Settled = before.Settled + nanos };
        }
    }

    /// <summary>Adds a signed amount outside every lease to settled in every scope; a missing day is made, without any budget.</summary>
    public void Adjust(in Adjustment adjustment)
    {
        (string, string, int) key = (adjustment.TenantId, adjustment.CampaignId, adjustment.Day);
        if (!_days.TryGetValue(key, out CampaignScopes scopes))
            _days.Add(key, scopes = CampaignScopes.Ensure(session, adjustment.TenantId, adjustment.CampaignId, adjustment.Day));
        foreach (long budget in scopes.Budgets)
        {
            Sum before = _sums.GetValueOrDefault(budget);
            long total = before.Adjusted + adjustment.AmountNanos;
            _sums[budget] = before with { Adjusted = total, Least = before.IsAdjusted ? Math.Min(before.Least, total) : total, IsAdjusted = true };
        }

        _adjustments.Add((adjustment, scopes));
    }

    /// <summary>Writes the budget rows and lists the adjustments.</summary>
    /// <exception cref="InvalidOperationException">Settled would fall below 0: the transaction must be given up.</exception>
    public void Write()
    {
        SqliteStatement move = session.Statement(MoveSql), list = session.Statement(ListSql);
        foreach ((long budget, Sum sum) in _sums)
            if (move.Bind(1, budget).Bind(2, sum.Settled).Bind(3, sum.Adjusted).Bind(4, sum.Least).Run() == 0) throw Refused(budget, sum.Settled);
        // In the order of the index, which a hundred thousand of them in theirs would walk through as often; those of a campaign stay in theirs.
        foreach (Adjustment one in _adjustments.Select(pair => pair.Adjustment).OrderBy(one => (one.TenantId, one.CampaignId), ByBytes))
        {
            list.Bind(1, one.TenantId).Bind(2, one.CampaignId).Bind(3, one.Day).Bind(4, one.AmountNanos).Bind(5, one.Cause)
                .Bind(6, unchecked((long)one.Identity.High)).Bind(7, unchecked((long)one.Identity.Low)).Bind(8, one.TimeTicks).Run();
        }
    }

    private InvalidOperationException Refused(long budget, long settledNanos)
    {
        SqliteStatement row = session.Statement("SELECT settled FROM budget WHERE budget_id = ?1").Bind(1, budget);
        row.Step();
        long settled = row.Long(0) + settledNanos;
        row.Reset();
        Adjustment refused = _adjustments.Where(one => one.Scopes.Budgets.Contains(budget)).First(one => (settled += one.Adjustment.AmountNanos) < 0).Adjustment;
        return new InvalidOperationException(
            $"An adjustment of {refused.AmountNanos} nanos would take campaign {refused.CampaignId} below 0 settled on {refused.Day}.");
    }

    private readonly record struct Sum(long Settled, long Adjusted, long Least, bool IsAdjusted);
}
