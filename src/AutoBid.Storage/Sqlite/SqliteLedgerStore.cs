using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

/// <summary>
/// The ledger in SQLite, for one node: time is what the node says. Every call is one transaction; the invariant settled + outstanding &lt;= budget +
/// adjustments is also a CHECK of the budget table, so that no statement of any program can commit a breach.
/// A campaign day's scopes are all counted always; a flight or account without a limit is not reported by <see cref="BudgetsAsync"/>.
/// A campaign that changes its account takes its day's sums along.
/// </summary>
public sealed partial class SqliteLedgerStore : ILedgerStore
{
    private const string RenewLeaseSql =
        "UPDATE lease SET expires_at = max(expires_at, ?3) WHERE campaign_day = ?1 AND node = ?2 AND state = 0 RETURNING lease_id, expires_at, settled, granted";

    private const string AddToLeaseSql =
        "INSERT INTO lease (campaign_day, node, granted, expires_at) VALUES (?1, ?2, ?4, ?3) ON CONFLICT (campaign_day, node) WHERE state = 0 "
        + "DO UPDATE SET granted = granted + excluded.granted, expires_at = max(expires_at, excluded.expires_at) RETURNING lease_id, expires_at, settled, granted";

    private const string ExpiredSql = "SELECT lease_id FROM lease WHERE state = 0 AND expires_at < ?1 AND node IS NOT ?2 ORDER BY lease_id";

    private const string BeatSql =
        "INSERT INTO node (name, seen_at, stats_through) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, stats_through = excluded.stats_through";

    private const string LiveSql = "SELECT name, stats_through FROM node WHERE seen_at >= ?1 ORDER BY name";

    // A restarted node bears a new name: the old one is of no use after a while.
    private const string ForgetNodesSql = "DELETE FROM node WHERE seen_at < ?1";

    private static readonly long NodeMemoryTicks = TimeSpan.FromDays(1).Ticks;

    private readonly SqliteDatabase _database;

    /// <param name="database">Stays open when the store is disposed.</param>
    public SqliteLedgerStore(SqliteDatabase database) => _database = database;

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<PartitionClaim>> ClaimAsync(string node, IReadOnlyList<int> partitions, int partitionCount, CancellationToken cancellation)
    {
        foreach (int partition in partitions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(partition, nameof(partitions));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, partitionCount, nameof(partitions));
        }

        return _database.WriteAsync<IReadOnlyList<PartitionClaim>>(session => SqlitePartitions.Claim(session, node, partitions, partitionCount), cancellation);
    }

    /// <inheritdoc />
    /// <remarks>A null account budget beside an account leaves the limit that its other campaigns set.</remarks>
    public async ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, IReadOnlyList<PartitionEpoch> epochs, CancellationToken cancellation)
    {
        BudgetSetting.Check(settings, epochs);
        await _database.WriteAsync(
            session =>
            {
                SqlitePartitions.CheckHeld(session, epochs);
                foreach (BudgetSetting setting in settings) CampaignScopes.SetBudgets(session, setting);
                return settings.Count;
            },
            cancellation);
    }

    /// <inheritdoc />
    /// <remarks>
    /// A request for more than a scope has left is granted what is left. One lease id per (campaign, day, node) until it ends. No lease (id 0) when nothing
    /// was granted and none is open, and for a campaign day without budgets.
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
    public async ValueTask ReturnAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
        => await _database.WriteAsync(
            session =>
            {
                foreach (long lease in leaseIds) EndLease(session, lease, ClosedState);
                return leaseIds.Count;
            },
            cancellation);

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<long>> ReclaimAsync(string? exceptNode, long nowTicks, long afterExpiryTicks, CancellationToken cancellation)
        => _database.WriteAsync<IReadOnlyList<long>>(
            session =>
            {
                var expired = new List<long>();
                SqliteStatement find = session.Statement(ExpiredSql).Bind(1, nowTicks - afterExpiryTicks).Bind(2, exceptNode);
                while (find.Step()) expired.Add(find.Long(0));
                foreach (long lease in expired) EndLease(session, lease, ReclaimedState);
                return expired;
            },
            cancellation);

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<LiveNode>> HeartbeatAsync(string node, long nowTicks, long statsThroughTicks, long lifeTicks, CancellationToken cancellation)
        => _database.WriteAsync<IReadOnlyList<LiveNode>>(
            session =>
            {
                session.Statement(BeatSql).Bind(1, node).Bind(2, nowTicks).Bind(3, statsThroughTicks).Run();
                session.Statement(ForgetNodesSql).Bind(1, nowTicks - Math.Max(lifeTicks, NodeMemoryTicks)).Run();
                var live = new List<LiveNode>();
                SqliteStatement row = session.Statement(LiveSql).Bind(1, nowTicks - lifeTicks);
                while (row.Step()) live.Add(new LiveNode(row.Text(0), row.Long(1)));
                return live;
            },
            cancellation);

    /// <inheritdoc />
    public ValueTask<PruneResult> PruneAsync(LedgerRetention retention, long nowTicks, int atMost, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(atMost);
        return _database.WriteAsync(session => SqlitePruning.Prune(session, retention.FirstDay(nowTicks), retention.FirstAdjustmentTicks(nowTicks), atMost), cancellation);
    }

    /// <summary>Does nothing: the connections belong to the database, which other stores share.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static LeaseGrant Grant(SqliteSession session, in LeaseRequest request)
    {
        if (CampaignScopes.Find(session, request.TenantId, request.CampaignId, request.Day) is not { } scopes)
            return new LeaseGrant(request.CampaignId, request.Day, 0, 0, 0, 0, 0, 0, 0);

        long room = Math.Max(scopes.Room(session), 0);
        long amount = Math.Min(request.AmountNanos, room);
        if (amount > 0) scopes.Lease(session, amount);

        SqliteStatement lease = session.Statement(amount > 0 ? AddToLeaseSql : RenewLeaseSql)
            .Bind(1, scopes.CampaignDay).Bind(2, request.Node).Bind(3, request.NowTicks + request.LifeTicks);
        if (amount > 0) lease.Bind(4, amount);
        if (!lease.Step()) return new LeaseGrant(request.CampaignId, request.Day, 0, 0, room, 0, 0, 0, 0);
        long expires = lease.Long(1);
        var grant = new LeaseGrant(
            request.CampaignId, request.Day, lease.Long(0), amount, room - amount, expires, lease.Long(2), lease.Long(3), expires - request.NowTicks);
        lease.Reset();
        return grant;
    }
}
