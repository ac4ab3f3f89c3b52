using System.Data;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using Npgsql;
using NpgsqlTypes;

namespace AutoBid.Storage.Postgres;

public sealed partial class PostgresLedgerStore
{
    // Without an order: sorting rows with their blobs would go over the server's disk, and the first of them would be waited for until all are sorted.
    private const string StatesSql = "SELECT tenant, campaign, partition, day, blob FROM campaign_state WHERE partition = ANY ($1)";
    private const string SeenSql = "SELECT partition, kind, key, blob, n FROM seen_block WHERE partition = ANY ($1)";
    private const string OffsetsSql = "SELECT topic, partition, next FROM partition_offset WHERE partition = ANY ($1) ORDER BY topic, partition";

    private const string OpenLeasesSql =
        "SELECT l.lease_id, d.tenant, d.campaign, d.day, l.node, l.granted, l.settled, l.expires_at "
        + "FROM lease l JOIN campaign_day d ON d.campaign_day_id = l.campaign_day WHERE l.state = 0 AND d.partition = ANY ($1) ORDER BY l.lease_id";

    /// <summary>Longest wait for a part of a snapshot.</summary>
    private const int LoadSeconds = 300;

    private const string OwnersSql =
        "SELECT l.lease_id, d.tenant, d.campaign, d.day, l.node FROM lease l JOIN campaign_day d ON d.campaign_day_id = l.campaign_day "
        + "WHERE l.lease_id = ANY ($1) ORDER BY l.lease_id";

    private const string BudgetsSql =
        "SELECT scope, id, period, budget, settled, outstanding FROM budget WHERE requested IS NOT NULL AND budget_id IN ("
        + "SELECT unnest(ARRAY[day_budget, account_budget]) FROM campaign_day WHERE tenant = $1 AND campaign = $2 "
        // The flight outlives its days.
        + "UNION ALL SELECT budget_id FROM budget WHERE scope = 1 AND tenant = $1 AND id = $2) ORDER BY scope, period, id";

    private const string ForgottenSql = "SELECT forgotten_up, forgotten_down FROM budget WHERE scope = 1 AND tenant = $1 AND id = $2 AND period = 0";

    private const string AdjustmentsSql =
        "SELECT day, amount, cause, identity_high, identity_low, time FROM adjustment WHERE tenant = $1 AND campaign = $2 ORDER BY adjustment_id";

    /// <inheritdoc />
    /// <remarks>States by tenant, campaign and day, leases by id; all of it from one view of the database, asked for in one round trip. May take minutes.</remarks>
    public ValueTask<LedgerSnapshot> LoadAsync(IReadOnlyList<int> partitions, CancellationToken cancellation)
        => _database.RunAsync(connection => LoadAsync(connection, [.. partitions]), cancellation);

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<LeaseOwner>> FindLeasesAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
        => await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(OwnersSql, connection);
                return await call.With([.. leaseIds]).ReadAsync(row => new LeaseOwner(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetString(4)));
            },
            cancellation);

    /// <inheritdoc />
    /// <remarks>Days and accounts of all periods, ordered by scope and period.</remarks>
    public async ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation)
        => await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(BudgetsSql, connection);
                return await call.With(tenantId).With(campaignId)
                    .ReadAsync(row => new BudgetRow((BudgetScope)row.GetInt16(0), row.GetString(1), row.GetInt32(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)));
            },
            cancellation);

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenantId, string campaignId, CancellationToken cancellation)
        => await _database.RunAsync(
            async connection =>
            {
                // Of one instant: an adjustment is listed or counts in the sums, and never both.
                await using NpgsqlTransaction view = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
                await using var forgotten = new PostgresCall(ForgottenSql, connection);
                List<(long Up, long Down)> sums = await forgotten.With(tenantId).With(campaignId).ReadAsync(row => (row.GetInt64(0), row.GetInt64(1)));
                await using var call = new PostgresCall(AdjustmentsSql, connection);
                List<Adjustment> listed = await call.With(tenantId).With(campaignId).ReadAsync(row => new Adjustment(
                    tenantId, campaignId, row.GetInt32(0), row.GetInt64(1), row.GetString(2),
                    new EventIdentity(unchecked((ulong)row.GetInt64(3)), unchecked((ulong)row.GetInt64(4))), row.GetInt64(5)));
                return (IReadOnlyList<Adjustment>)[.. sums.SelectMany(sum => Adjustment.Forgotten(tenantId, campaignId, sum.Up, sum.Down)), .. listed];
            },
            cancellation);

    private static async Task<LedgerSnapshot> LoadAsync(NpgsqlConnection connection, int[] partitions)
    {
        await using NpgsqlTransaction view = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        await using var batch = new NpgsqlBatch(connection, view) { Timeout = LoadSeconds };
        foreach (string sql in new[] { StatesSql, SeenSql, OffsetsSql, OpenLeasesSql })
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql)
            {
                Parameters = { new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer, Value = partitions } },
            });
        }

        await using NpgsqlDataReader row = await batch.ExecuteReaderAsync();
        List<CampaignState> states = await RowsAsync(row, r => new CampaignState(r.GetString(0), r.GetString(1), r.GetInt32(2), r.GetInt32(3), r.GetFieldValue<byte[]>(4)));
        states.Sort(static (a, b) =>
        {
            int order = string.CompareOrdinal(a.TenantId, b.TenantId);
            if (order == 0) order = string.CompareOrdinal(a.CampaignId, b.CampaignId);
            return order != 0 ? order : a.Day.CompareTo(b.Day);
        });
        await row.NextResultAsync();
        var blocks = await RowsAsync(row, r => (Number: r.GetInt64(4), Block: new SeenBlock(r.GetInt32(0), (SeenKind)r.GetInt16(1), r.GetInt64(2), r.GetFieldValue<byte[]>(3))));
        blocks.Sort(static (a, b) => (a.Block.Partition, a.Block.Kind, a.Block.Key, a.Number).CompareTo((b.Block.Partition, b.Block.Kind, b.Block.Key, b.Number)));
        SeenBlock[] seen = [.. blocks.Select(one => one.Block)];
        await row.NextResultAsync();
        List<PartitionOffset> offsets = await RowsAsync(row, r => new PartitionOffset(r.GetString(0), r.GetInt32(1), r.GetInt64(2)));
        await row.NextResultAsync();
        List<OpenLease> leases = await RowsAsync(
            row, r => new OpenLease(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetInt32(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7)));
        return new LedgerSnapshot(states, seen, offsets, leases);
    }

    private static async Task<List<T>> RowsAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> row)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync()) rows.Add(row(reader));
        return rows;
    }
}
