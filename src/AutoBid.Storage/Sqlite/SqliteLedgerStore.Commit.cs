using System.Runtime.InteropServices;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

public sealed partial class SqliteLedgerStore
{
    private const int OpenState = 0;
    private const int ClosedState = 1;
    private const int ReclaimedState = 2;

    /// <summary>Ids written by one execution; starting a statement costs as much as a row.</summary>
    private const int SeenRows = 16;

    private static readonly string SeenRowsSql = SeenSql + string.Concat(Enumerable.Repeat(", (?, ?, ?)", SeenRows - 1));

    /// <summary>Most ids forgotten by one commit, so that a long pause does not become a long transaction.</summary>
    private const int MaxForgotten = 20_000;

    private const string LeaseSql =
        "SELECT l.state, l.granted - l.settled, d.campaign_day_id, d.day_budget, d.flight_budget, d.account_budget "
        + "FROM lease l JOIN campaign_day d ON d.campaign_day_id = l.campaign_day WHERE l.lease_id = ?1";

    private const string SettleLeaseSql = "UPDATE lease SET settled = settled + ?2 WHERE lease_id = ?1";
    private const string EndLeaseSql = "UPDATE lease SET state = ?2 WHERE lease_id = ?1";

    private const string AdjustmentSql =
        "INSERT INTO adjustment (tenant, campaign, day, amount, cause, identity_high, identity_low, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

    private const string StateSql =
        "INSERT INTO campaign_state (tenant, campaign, day, blob) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (tenant, campaign, day) DO UPDATE SET blob = excluded.blob";

    private const string DropStateSql = "DELETE FROM campaign_state WHERE tenant = ?1 AND campaign = ?2 AND day = ?3";
    private const string SeenSql = "INSERT OR IGNORE INTO seen (expires, high, low) VALUES (?, ?, ?)";

    private const string OffsetSql =
        "INSERT INTO partition_offset (topic, partition, next) VALUES (?1, ?2, ?3) ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next";

    // The expiry of the row after the last one to forget bounds the deletion; rows that share it go along.
    private const string ForgetSql =
        "DELETE FROM seen WHERE expires < ?1 AND expires <= coalesce((SELECT expires FROM seen ORDER BY expires, high, low LIMIT 1 OFFSET ?2), ?1)";

    /// <inheritdoc />
    /// <remarks>
    /// Throws <see cref="InvalidOperationException"/>, with nothing applied, for a settlement of a lease that is unknown, ended or has less left, for
    /// an adjustment that would take settled below 0, and for an unknown lease to close. Closing an ended lease changes nothing (a reclaim may have
    /// come first). An adjustment of a day without budgets creates its rows with budget 0. A state with an empty blob removes the stored one.
    /// </remarks>
    public async ValueTask CommitAsync(LedgerCommit commit, CancellationToken cancellation)
        => await _database.WriteAsync(session => Apply(session, commit), cancellation);

    private int Apply(SqliteSession session, LedgerCommit commit)
    {
        foreach (LeaseSettlement settlement in commit.Settlements) Settle(session, settlement);
        foreach (Adjustment adjustment in commit.Adjustments) Adjust(session, adjustment);
        foreach (long lease in commit.ClosedLeases) EndLease(session, lease, ClosedState);
        foreach (CampaignState state in commit.States)
        {
            SqliteStatement write = session.Statement(state.Blob.Length > 0 ? StateSql : DropStateSql)
                .Bind(1, state.TenantId).Bind(2, state.CampaignId).Bind(3, state.Day);
            if (state.Blob.Length > 0) write.Bind(4, state.Blob);
            write.Run();
        }

        Remember(session, CollectionsMarshal.AsSpan(commit.Seen));
        if (commit.Seen.Count > 0 && _seenRetentionTicks is { } retention) Forget(session, retention);

        foreach (PartitionOffset offset in commit.Offsets)
            session.Statement(OffsetSql).Bind(1, offset.Topic).Bind(2, offset.Partition).Bind(3, offset.NextOffset).Run();
        return 0;
    }

    private static void Settle(SqliteSession session, in LeaseSettlement settlement)
    {
        (int state, long left, CampaignScopes scopes) = ReadLease(session, settlement.LeaseId);
        if (state != OpenState)
            throw new InvalidOperationException($"Lease {settlement.LeaseId} has ended: what is billed now is an adjustment.");
        if (settlement.AmountNanos < 0 || settlement.AmountNanos > left)
            throw new InvalidOperationException($"Lease {settlement.LeaseId} has {left} nanos left and cannot settle {settlement.AmountNanos}.");
        session.Statement(SettleLeaseSql).Bind(1, settlement.LeaseId).Bind(2, settlement.AmountNanos).Run();
        scopes.Settle(session, settlement.AmountNanos);
    }

    private static void Adjust(SqliteSession session, in Adjustment adjustment)
    {
        CampaignScopes scopes = CampaignScopes.Ensure(session, adjustment.TenantId, adjustment.CampaignId, adjustment.Day);
        if (!scopes.Adjust(session, adjustment.AmountNanos))
        {
            throw new InvalidOperationException(
                $"An adjustment of {adjustment.AmountNanos} nanos would take campaign {adjustment.CampaignId} below 0 settled on {adjustment.Day}.");
        }

        session.Statement(AdjustmentSql)
            .Bind(1, adjustment.TenantId).Bind(2, adjustment.CampaignId).Bind(3, adjustment.Day).Bind(4, adjustment.AmountNanos).Bind(5, adjustment.Cause)
            .Bind(6, unchecked((long)adjustment.Identity.High)).Bind(7, unchecked((long)adjustment.Identity.Low)).Bind(8, adjustment.TimeTicks).Run();
    }

    private static void EndLease(SqliteSession session, long lease, int endState)
    {
        (int state, long left, CampaignScopes scopes) = ReadLease(session, lease);
        if (state != OpenState) return;
        session.Statement(EndLeaseSql).Bind(1, lease).Bind(2, endState).Run();
        scopes.Return(session, left);
    }

    private static (int State, long Left, CampaignScopes Scopes) ReadLease(SqliteSession session, long lease)
    {
        SqliteStatement row = session.Statement(LeaseSql).Bind(1, lease);
        if (!row.Step()) throw new InvalidOperationException($"Lease {lease} is unknown.");
        var found = ((int)row.Long(0), row.Long(1), new CampaignScopes(row.Long(2), row.Long(3), row.Long(4), row.LongOrNull(5)));
        row.Reset();
        return found;
    }

    private static void Remember(SqliteSession session, ReadOnlySpan<SeenEvent> seen)
    {
        while (!seen.IsEmpty)
        {
            int rows = seen.Length >= SeenRows ? SeenRows : 1;
            SqliteStatement insert = session.Statement(rows > 1 ? SeenRowsSql : SeenSql);
            int parameter = 0;
            foreach (SeenEvent one in seen[..rows])
            {
                insert.Bind(++parameter, one.ExpiresTicks)
                    .Bind(++parameter, unchecked((long)one.Identity.High))
                    .Bind(++parameter, unchecked((long)one.Identity.Low));
            }

            insert.Run();
            seen = seen[rows..];
        }
    }

    private static void Forget(SqliteSession session, long retentionTicks)
    {
        SqliteStatement latest = session.Statement("SELECT max(expires) FROM seen");
        latest.Step();
        long before = latest.Long(0) - retentionTicks;
        latest.Reset();
        session.Statement(ForgetSql).Bind(1, before).Bind(2, MaxForgotten).Run();
    }
}
