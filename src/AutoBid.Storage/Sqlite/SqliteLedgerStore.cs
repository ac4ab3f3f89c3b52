using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

/// <summary>
/// The ledger in SQLite. Every call is one transaction; the invariant settled + outstanding &lt;= budget + adjustments is also a CHECK of the
/// budget table, so that no statement of any program can commit a breach.
/// A campaign day's scopes are all counted always; a flight or account without a limit is not reported by <see cref="BudgetsAsync"/>.
/// A campaign that changes its account takes its day's sums along.
/// </summary>
public sealed partial class SqliteLedgerStore : ILedgerStore
{
    private const string RenewLeaseSql =
        "UPDATE lease SET expires_at = max(expires_at, ?3) WHERE campaign_day = ?1 AND node = ?2 AND state = 0 RETURNING lease_id, expires_at";

    private const string AddToLeaseSql =
        "INSERT INTO lease (campaign_day, node, granted, expires_at) VALUES (?1, ?2, ?4, ?3) ON CONFLICT (campaign_day, node) WHERE state = 0 "
        + "DO UPDATE SET granted = granted + excluded.granted, expires_at = max(expires_at, excluded.expires_at) RETURNING lease_id, expires_at";

    private const string ExpiredSql = "SELECT lease_id FROM lease WHERE state = 0 AND expires_at < ?1 ORDER BY lease_id";

    private const string BudgetsSql =
        "SELECT scope, id, period, budget, settled, outstanding FROM budget WHERE requested IS NOT NULL AND budget_id IN ("
        + "SELECT day_budget FROM campaign_day WHERE tenant = ?1 AND campaign = ?2 "
        + "UNION SELECT flight_budget FROM campaign_day WHERE tenant = ?1 AND campaign = ?2 "
        + "UNION SELECT account_budget FROM campaign_day WHERE tenant = ?1 AND campaign = ?2) ORDER BY scope, period, id";

    private const string AdjustmentsSql =
        "SELECT day, amount, cause, identity_high, identity_low, time FROM adjustment WHERE tenant = ?1 AND campaign = ?2 ORDER BY adjustment_id";

    private readonly SqliteDatabase _database;
    private readonly long? _seenRetentionTicks;

    /// <param name="database">Stays open when the store is disposed.</param>
    /// <param name="seenRetention">
    /// The longest time between an event and the <see cref="SeenEvent.ExpiresTicks"/> the engine gives it. With it a commit forgets ids whose expiry
    /// lies before event time, taken as the latest expiry so far less the retention. Null: ids stay in the file for good.
    /// </param>
    public SqliteLedgerStore(SqliteDatabase database, TimeSpan? seenRetention = null)
    {
        _database = database;
        _seenRetentionTicks = seenRetention?.Ticks;
    }

    /// <inheritdoc />
    /// <remarks>A null account budget beside an account leaves the limit that its other campaigns set.</remarks>
    public async ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, CancellationToken cancellation)
    {
        foreach (BudgetSetting setting in settings)
        {
            if (setting.DayNanos < 0 || setting.FlightNanos < 0 || setting.AccountNanos < 0)
                throw new ArgumentOutOfRangeException(nameof(settings), setting, "A budget is negative.");
        }

        await _database.WriteAsync(
            session =>
            {
                foreach (BudgetSetting setting in settings) CampaignScopes.SetBudgets(session, setting);
                return settings.Count;
            },
            cancellation);
    }

    /// <inheritdoc />
    /// <remarks>
    /// Amount 0 renews. A campaign day without budgets, and a node without a lease to which nothing can be granted, get lease id 0.
    /// </remarks>
    public ValueTask<IReadOnlyList<LeaseGrant>> GrantAsync(IReadOnlyList<LeaseRequest> requests, CancellationToken cancellation)
    {
        foreach (LeaseRequest request in requests)
        {
            if (request.AmountNanos < 0) throw new ArgumentOutOfRangeException(nameof(requests), request, "A lease cannot ask for a negative amount.");
        }

        return _database.WriteAsync<IReadOnlyList<LeaseGrant>>(
            session =>
            {
                var grants = new LeaseGrant[requests.Count];
                for (int i = 0; i < grants.Length; i++) grants[i] = Grant(session, requests[i]);
                return grants;
            },
            cancellation);
    }

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<long>> ReclaimAsync(long expiredBeforeTicks, CancellationToken cancellation)
        => _database.WriteAsync<IReadOnlyList<long>>(
            session =>
            {
                var expired = new List<long>();
                SqliteStatement find = session.Statement(ExpiredSql).Bind(1, expiredBeforeTicks);
                while (find.Step()) expired.Add(find.Long(0));
                foreach (long lease in expired) EndLease(session, lease, ReclaimedState);
                return expired;
            },
            cancellation);

    /// <inheritdoc />
    /// <remarks>Days and accounts of all periods, ordered by scope and period.</remarks>
    public ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation)
        => _database.ReadAsync<IReadOnlyList<BudgetRow>>(
            session =>
            {
                var rows = new List<BudgetRow>();
                SqliteStatement row = session.Statement(BudgetsSql).Bind(1, tenantId).Bind(2, campaignId);
                while (row.Step())
                    rows.Add(new BudgetRow((BudgetScope)row.Long(0), row.Text(1), (int)row.Long(2), row.Long(3), row.Long(4), row.Long(5)));
                return rows;
            },
            cancellation);

    /// <summary>The adjustments of a campaign in the order they were committed: every amount by which it may exceed a budget.</summary>
    public ValueTask<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenantId, string campaignId, CancellationToken cancellation)
        => _database.ReadAsync<IReadOnlyList<Adjustment>>(
            session =>
            {
                var rows = new List<Adjustment>();
                SqliteStatement row = session.Statement(AdjustmentsSql).Bind(1, tenantId).Bind(2, campaignId);
                while (row.Step())
                {
                    var identity = new EventIdentity(unchecked((ulong)row.Long(3)), unchecked((ulong)row.Long(4)));
                    rows.Add(new Adjustment(tenantId, campaignId, (int)row.Long(0), row.Long(1), row.Text(2), identity, row.Long(5)));
                }

                return rows;
            },
            cancellation);

    /// <summary>Does nothing: the connections belong to the database, which other stores share.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static LeaseGrant Grant(SqliteSession session, in LeaseRequest request)
    {
        if (CampaignScopes.Find(session, request.TenantId, request.CampaignId, request.Day) is not { } scopes)
            return new LeaseGrant(request.CampaignId, request.Day, 0, 0, 0, 0);

        long room = Math.Max(scopes.Room(session), 0);
        long amount = Math.Min(request.AmountNanos, room);
        if (amount > 0) scopes.Lease(session, amount);

        SqliteStatement lease = session.Statement(amount > 0 ? AddToLeaseSql : RenewLeaseSql)
            .Bind(1, scopes.CampaignDay).Bind(2, request.Node).Bind(3, request.ExpiresTicks);
        if (amount > 0) lease.Bind(4, amount);
        if (!lease.Step()) return new LeaseGrant(request.CampaignId, request.Day, 0, 0, room, 0);
        var grant = new LeaseGrant(request.CampaignId, request.Day, lease.Long(0), amount, room - amount, lease.Long(1));
        lease.Reset();
        return grant;
    }
}
