using AutoBid.Engine.Ports;
using Npgsql;

namespace AutoBid.Storage.Postgres;

/// <summary>
/// The ledger in PostgreSQL, for any number of nodes. Every call is one statement that calls a function of the schema; the invariant settled + outstanding
/// &lt;= budget + adjustments is also a CHECK of the budget table. Transactions wait for each other by row locks taken in one order (budgets by id), so none
/// waits in a circle.
/// </summary>
public sealed partial class PostgresLedgerStore : ILedgerStore
{
    private const string ClaimSql = "SELECT claimed, new_epoch, old_epoch, old_node FROM ledger_claim($1, $2, $3)";
    private const string SetBudgetsSql = "SELECT ledger_set_budgets($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    private const string GrantSql = "SELECT granted_id, granted_now, remaining, expires, settled_sum, granted_sum, life FROM ledger_grant($1, $2, $3, $4, $5, $6, $7, $8)";
    private const string ReturnSql = "SELECT ledger_return($1)";
    private const string ReclaimSql = "SELECT ledger_reclaim($1, $2, $3, $4, $5)";
    private const string HeartbeatSql = "SELECT live_name, live_through FROM ledger_heartbeat($1, $2, $3, $4, $5, $6)";

    private const string PruneSql = "SELECT out_days, out_leases, out_accounts, out_adjustments FROM ledger_prune($1, $2, $3)";

    /// <summary>Campaigns whose budgets one transaction locks at most, when it is about many and they need not move together.</summary>
    private const int Chunk = 2_000;

    // A restarted node bears a new name: the old one is of no use after a while.
    private static readonly long NodeMemoryTicks = TimeSpan.FromDays(1).Ticks;

    private readonly PostgresDatabase _database;
    private readonly bool _eventTime;

    /// <param name="database">Stays open when the store is disposed.</param>
    /// <param name="eventTime">
    /// True: leases and signs of life go by the time that the caller states (a virtual clock, one node). False: by the database's clock, the only one that
    /// all nodes share.
    /// </param>
    public PostgresLedgerStore(PostgresDatabase database, bool eventTime = false) => (_database, _eventTime) = (database, eventTime);

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<PartitionClaim>> ClaimAsync(string node, IReadOnlyList<int> partitions, int partitionCount, CancellationToken cancellation)
    {
        foreach (int partition in partitions)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(partition, nameof(partitions));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, partitionCount, nameof(partitions));
        }

        return await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(ClaimSql, connection);
                return await call.With(node).With([.. partitions]).With(partitionCount)
                    .ReadAsync(row => new PartitionClaim(row.GetInt32(0), row.GetInt64(1), row.GetInt64(2), row.IsDBNull(3) ? null : row.GetString(3)));
            },
            cancellation);
    }

    /// <inheritdoc />
    /// <remarks>
    /// A null account budget beside an account leaves the limit that its other campaigns set. Many settings are set in several transactions: after an error
    /// some may be set, and setting all of them again is right.
    /// </remarks>
    public async ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, IReadOnlyList<PartitionEpoch> epochs, CancellationToken cancellation)
    {
        BudgetSetting.Check(settings, epochs);
        foreach (BudgetSetting[] chunk in settings.Chunk(Chunk))
        {
            await _database.RunAsync(
                async connection =>
                {
                    await using var call = new PostgresCall(SetBudgetsSql, connection);
                    return await call
                        .With([.. epochs.Select(held => held.Partition)]).With([.. epochs.Select(held => held.Epoch)])
                        .With([.. chunk.Select(one => one.TenantId)]).With([.. chunk.Select(one => one.CampaignId)])
                        .With([.. chunk.Select(one => one.Partition)]).With([.. chunk.Select(one => one.Day)])
                        .With([.. chunk.Select(one => one.DayNanos)]).With([.. chunk.Select(one => one.FlightNanos)])
                        .With([.. chunk.Select(one => one.Account)]).With([.. chunk.Select(one => one.AccountNanos)])
                        .RunAsync();
                },
                cancellation);
        }
    }

    /// <inheritdoc />
    /// <remarks>
    /// A request for more than a scope has left is granted what is left. One lease id per (campaign, day, node) until it ends. No lease (id 0) when nothing
    /// was granted and none is open, and for a campaign day without budgets.
    /// </remarks>
    public async ValueTask<IReadOnlyList<LeaseGrant>> GrantAsync(IReadOnlyList<LeaseRequest> requests, CancellationToken cancellation)
    {
        foreach (LeaseRequest request in requests)
        {
            if (request.AmountNanos < 0) throw new ArgumentOutOfRangeException(nameof(requests), request, "A lease cannot ask for a negative amount.");
        }

        if (requests.Count == 0) return [];
        return await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(GrantSql, connection);
                int at = 0;
                return await call
                    .With([.. requests.Select(one => one.TenantId)]).With([.. requests.Select(one => one.CampaignId)]).With([.. requests.Select(one => one.Day)])
                    .With([.. requests.Select(one => one.Node)]).With([.. requests.Select(one => one.AmountNanos)])
                    .With([.. requests.Select(one => one.NowTicks)]).With([.. requests.Select(one => one.LifeTicks)]).With(_eventTime)
                    .ReadAsync(row =>
                    {
                        LeaseRequest request = requests[at++];
                        return new LeaseGrant(
                            request.CampaignId, request.Day, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6));
                    });
            },
            cancellation);
    }

    /// <inheritdoc />
    public async ValueTask ReturnAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
    {
        if (leaseIds.Count == 0) return;
        await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(ReturnSql, connection);
                return await call.With([.. leaseIds]).RunAsync();
            },
            cancellation);
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<long>> ReclaimAsync(string? exceptNode, long nowTicks, long afterExpiryTicks, CancellationToken cancellation)
    {
        var reclaimed = new List<long>();
        while (true)
        {
            long[] ids = await _database.RunAsync(
                async connection =>
                {
                    await using var call = new PostgresCall(ReclaimSql, connection);
                    return (long[])(await call.With(exceptNode).With(nowTicks).With(afterExpiryTicks).With(_eventTime).With(Chunk).ScalarAsync())!;
                },
                cancellation);
            reclaimed.AddRange(ids);

            // Fewer than were asked for: some were renewed meanwhile, or there are no more; those that remain come with the next call.
            if (ids.Length < Chunk) return reclaimed;
        }
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<LiveNode>> HeartbeatAsync(string node, long nowTicks, long statsThroughTicks, long lifeTicks, CancellationToken cancellation)
        => await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(HeartbeatSql, connection);
                return await call.With(node).With(nowTicks).With(statsThroughTicks).With(lifeTicks).With(NodeMemoryTicks).With(_eventTime)
                    .ReadAsync(row => new LiveNode(row.GetString(0), row.GetInt64(1)));
            },
            cancellation);

    /// <inheritdoc />
    /// <remarks>What another transaction holds stays for the next call, so that it may forget less than it could; nothing while another node forgets.</remarks>
    public async ValueTask<PruneResult> PruneAsync(LedgerRetention retention, long nowTicks, int atMost, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(atMost);
        return await _database.RunAsync(
            async connection =>
            {
                // A node whose clock is wrong must not forget the days of all: the database says what is old.
                if (!_eventTime)
                {
                    await using var clock = new PostgresCall("SELECT ledger_now()", connection);
                    nowTicks = (long)(await clock.ScalarAsync())!;
                }

                await using var call = new PostgresCall(PruneSql, connection);
                return (await call.With(retention.FirstDay(nowTicks)).With(retention.FirstAdjustmentTicks(nowTicks)).With(atMost).ReadAsync(row =>
                {
                    (int days, int accounts, int adjustments) = (row.GetInt32(0), row.GetInt32(2), row.GetInt32(3));
                    return new PruneResult(days, row.GetInt32(1), accounts, adjustments, days == atMost || accounts == atMost || adjustments == atMost);
                })).Single();
            },
            cancellation);
    }

    /// <summary>Does nothing: the connections belong to the database, which other stores share.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
