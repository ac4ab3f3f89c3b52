using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

public sealed partial class SqliteLedgerStore
{
    private const int OpenState = 0;
    private const int ClosedState = 1;
    private const int ReclaimedState = 2;

    private const string LeaseSql =
        "SELECT l.state, l.granted - l.settled, d.campaign_day_id, d.day_budget, d.flight_budget, d.account_budget, d.tenant, d.campaign, d.day "
        + "FROM lease l JOIN campaign_day d ON d.campaign_day_id = l.campaign_day WHERE l.lease_id = ?1";

    private const string SettleLeaseSql = "UPDATE lease SET settled = settled + ?2 WHERE lease_id = ?1";
    private const string EndLeaseSql = "UPDATE lease SET state = ?2 WHERE lease_id = ?1";

    private const string ListedSql =
        "SELECT day, amount, cause FROM adjustment WHERE tenant = ?1 AND campaign = ?2 AND identity_high = ?3 AND identity_low = ?4 AND time = ?5 "
        + "ORDER BY adjustment_id DESC LIMIT 1";

    private const string StateSql =
        "INSERT INTO campaign_state (tenant, campaign, day, partition, blob) VALUES (?1, ?2, ?3, ?4, ?5) "
        + "ON CONFLICT (tenant, campaign, day) DO UPDATE SET blob = excluded.blob, partition = excluded.partition";

    private const string DropStateSql = "DELETE FROM campaign_state WHERE tenant = ?1 AND campaign = ?2 AND day = ?3";

    /// <inheritdoc />
    /// <remarks>
    /// Throws <see cref="InvalidOperationException"/>, with nothing applied, for a settlement of a lease that is unknown, ended or has less left, for
    /// an adjustment that would take settled below 0, and for an unknown lease to close. Closing an ended lease changes nothing (a reclaim may have
    /// come first). An adjustment of a day without budgets creates its rows with budget 0. A state with an empty blob removes the stored one.
    /// </remarks>
    public ValueTask<CommitResult> CommitAsync(LedgerCommit commit, CancellationToken cancellation)
    {
        commit.Check();
        return _database.WriteAsync(session => Apply(session, commit), cancellation);
    }

    private static CommitResult Apply(SqliteSession session, LedgerCommit commit)
    {
        SqlitePartitions.CheckHeld(session, commit.Epochs);
        var listed = new List<Adjustment>();
        if (SqlitePartitions.IsRepeated(session, commit))
        {
            foreach (OutsideBill bill in commit.OutsideBills)
                if (FindListed(session, bill.Bill) is { } before) listed.Add(before);
            return new CommitResult(listed);
        }

        var sums = new BudgetSums(session);
        foreach (LeaseSettlement settlement in commit.Settlements) Settle(session, sums, settlement);
        foreach (OutsideBill bill in commit.OutsideBills)
        {
            Adjustment rest = SettleOutside(session, sums, bill);
            if (rest.AmountNanos == 0) continue;
            sums.Adjust(rest);
            listed.Add(rest);
        }

        foreach (Adjustment adjustment in commit.Adjustments) sums.Adjust(adjustment);
        sums.Write();
        foreach (long lease in commit.ClosedLeases) EndLease(session, lease, ClosedState);
        foreach (CampaignState state in commit.States)
        {
            SqliteStatement write = session.Statement(state.Blob.Length > 0 ? StateSql : DropStateSql)
                .Bind(1, state.TenantId).Bind(2, state.CampaignId).Bind(3, state.Day);
            if (state.Blob.Length > 0) write.Bind(4, state.Partition).Bind(5, state.Blob);
            write.Run();
        }

        SqlitePartitions.WriteSeen(session, commit);
        SqlitePartitions.WriteOffsets(session, commit.Offsets);
        return new CommitResult(listed);
    }

    private static void Settle(SqliteSession session, BudgetSums sums, in LeaseSettlement settlement)
    {
        if (FindLease(session, settlement.LeaseId) is not { } lease) throw new InvalidOperationException($"Lease {settlement.LeaseId} is unknown.");
        if (lease.State != OpenState)
            throw new InvalidOperationException($"Lease {settlement.LeaseId} has ended: what is billed now is an adjustment.");
        if (settlement.AmountNanos < 0 || settlement.AmountNanos > lease.LeftNanos)
            throw new InvalidOperationException($"Lease {settlement.LeaseId} has {lease.LeftNanos} nanos left and cannot settle {settlement.AmountNanos}.");
        Settle(session, sums, settlement.LeaseId, lease.Scopes, settlement.AmountNanos);
    }

    private static void Settle(SqliteSession session, BudgetSums sums, long lease, in CampaignScopes scopes, long nanos)
    {
        session.Statement(SettleLeaseSql).Bind(1, lease).Bind(2, nanos).Run();
        sums.Settle(scopes, nanos);
    }

    /// <summary>Settles what the lease has left of a bill; what remains, with its day and cause.</summary>
    private static Adjustment SettleOutside(SqliteSession session, BudgetSums sums, in OutsideBill outside)
    {
        Adjustment bill = outside.Bill;
        if (FindLease(session, outside.LeaseId) is not { } lease) return bill with { Cause = "late-win" };
        if (lease.TenantId != bill.TenantId || lease.CampaignId != bill.CampaignId) return bill with { Cause = "foreign-lease" };
        if (lease.State != OpenState) return bill with { Day = lease.Day, Cause = "late-win" };
        long onTime = Math.Min(bill.AmountNanos, lease.LeftNanos);
        Settle(session, sums, outside.LeaseId, lease.Scopes, onTime);
        return bill with { Day = lease.Day, AmountNanos = bill.AmountNanos - onTime, Cause = "lease-exhausted" };
    }

    /// <summary>What an earlier attempt of the same commit listed of a bill; null: the lease paid it all.</summary>
    private static Adjustment? FindListed(SqliteSession session, in Adjustment bill)
    {
        SqliteStatement row = session.Statement(ListedSql)
            .Bind(1, bill.TenantId).Bind(2, bill.CampaignId).Bind(3, unchecked((long)bill.Identity.High)).Bind(4, unchecked((long)bill.Identity.Low)).Bind(5, bill.TimeTicks);
        if (!row.Step()) return null;
        Adjustment listed = bill with { Day = (int)row.Long(0), AmountNanos = row.Long(1), Cause = row.Text(2) };
        row.Reset();
        return listed;
    }

    private static void EndLease(SqliteSession session, long leaseId, int endState)
    {
        if (FindLease(session, leaseId) is not { } lease) throw new InvalidOperationException($"Lease {leaseId} is unknown.");
        if (lease.State != OpenState) return;
        session.Statement(EndLeaseSql).Bind(1, leaseId).Bind(2, endState).Run();
        lease.Scopes.Return(session, lease.LeftNanos);
    }

    private static LeaseRow? FindLease(SqliteSession session, long lease)
    {
        SqliteStatement row = session.Statement(LeaseSql).Bind(1, lease);
        if (!row.Step()) return null;
        var scopes = new CampaignScopes(row.Long(2), row.Long(3), row.Long(4), row.LongOrNull(5));
        var found = new LeaseRow((int)row.Long(0), row.Long(1), scopes, row.Text(6), row.Text(7), (int)row.Long(8));
        row.Reset();
        return found;
    }

    private readonly record struct LeaseRow(int State, long LeftNanos, CampaignScopes Scopes, string TenantId, string CampaignId, int Day);
}
