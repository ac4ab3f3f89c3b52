using System.Text.Json;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

public sealed partial class SqliteLedgerStore
{
    private const string StatesSql =
        "SELECT tenant, campaign, partition, day, blob FROM campaign_state WHERE partition IN (SELECT value FROM json_each(?1)) ORDER BY tenant, campaign, day";

    private const string OpenLeasesSql =
        "SELECT l.lease_id, d.tenant, d.campaign, d.day, l.node, l.granted, l.settled, l.expires_at "
        + "FROM lease l JOIN campaign_day d ON d.campaign_day_id = l.campaign_day "
        + "WHERE l.state = 0 AND d.partition IN (SELECT value FROM json_each(?1)) ORDER BY l.lease_id";

    private const string OwnersSql =
        "SELECT l.lease_id, d.tenant, d.campaign, d.day, l.node FROM lease l JOIN campaign_day d ON d.campaign_day_id = l.campaign_day "
        + "WHERE l.lease_id IN (SELECT value FROM json_each(?1)) ORDER BY l.lease_id";

    private const string BudgetsSql =
        "SELECT scope, id, period, budget, settled, outstanding FROM budget WHERE requested IS NOT NULL AND budget_id IN ("
        + "SELECT day_budget FROM campaign_day WHERE tenant = ?1 AND campaign = ?2 "
        // The flight outlives its days.
        + "UNION SELECT budget_id FROM budget WHERE scope = 1 AND tenant = ?1 AND id = ?2 "
        + "UNION SELECT account_budget FROM campaign_day WHERE tenant = ?1 AND campaign = ?2) ORDER BY scope, period, id";

    private const string ForgottenSql = "SELECT forgotten_up, forgotten_down FROM budget WHERE scope = 1 AND tenant = ?1 AND id = ?2 AND period = 0";

    private const string AdjustmentsSql =
        "SELECT day, amount, cause, identity_high, identity_low, time FROM adjustment WHERE tenant = ?1 AND campaign = ?2 ORDER BY adjustment_id";

    /// <inheritdoc />
    /// <remarks>States by tenant, campaign and day, leases by id; all of it from one view of the database.</remarks>
    public ValueTask<LedgerSnapshot> LoadAsync(IReadOnlyList<int> partitions, CancellationToken cancellation)
    {
        string list = JsonSerializer.Serialize(partitions);
        return _database.ReadAsync(
            session => new LedgerSnapshot(
                LoadStates(session, list), SqlitePartitions.ReadSeen(session, list), SqlitePartitions.ReadOffsets(session, list), LoadLeases(session, list)),
            cancellation);
    }

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<LeaseOwner>> FindLeasesAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
        => _database.ReadAsync<IReadOnlyList<LeaseOwner>>(
            session =>
            {
                var owners = new List<LeaseOwner>();
                SqliteStatement row = session.Statement(OwnersSql).Bind(1, JsonSerializer.Serialize(leaseIds));
                while (row.Step()) owners.Add(new LeaseOwner(row.Long(0), row.Text(1), row.Text(2), (int)row.Long(3), row.Text(4)));
                return owners;
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

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenantId, string campaignId, CancellationToken cancellation)
        => _database.ReadAsync<IReadOnlyList<Adjustment>>(
            session =>
            {
                var rows = new List<Adjustment>();
                SqliteStatement forgotten = session.Statement(ForgottenSql).Bind(1, tenantId).Bind(2, campaignId);
                while (forgotten.Step()) rows.AddRange(Adjustment.Forgotten(tenantId, campaignId, forgotten.Long(0), forgotten.Long(1)));
                SqliteStatement row = session.Statement(AdjustmentsSql).Bind(1, tenantId).Bind(2, campaignId);
                while (row.Step())
                {
                    var identity = new EventIdentity(unchecked((ulong)row.Long(3)), unchecked((ulong)row.Long(4)));
                    rows.Add(new Adjustment(tenantId, campaignId, (int)row.Long(0), row.Long(1), row.Text(2), identity, row.Long(5)));
                }

                return rows;
            },
            cancellation);

    private static List<CampaignState> LoadStates(SqliteSession session, string partitions)
    {
        var states = new List<CampaignState>();
        SqliteStatement row = session.Statement(StatesSql).Bind(1, partitions);
        while (row.Step()) states.Add(new CampaignState(row.Text(0), row.Text(1), (int)row.Long(2), (int)row.Long(3), row.Blob(4)));
        return states;
    }

    private static List<OpenLease> LoadLeases(SqliteSession session, string partitions)
    {
        var leases = new List<OpenLease>();
        SqliteStatement row = session.Statement(OpenLeasesSql).Bind(1, partitions);
        while (row.Step())
        {
            leases.Add(new OpenLease(
                row.Long(0), row.Text(1), row.Text(2), (int)row.Long(3), row.Text(4), row.Long(5), row.Long(6), row.Long(7)));
        }

        return leases;
    }
}
