using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

/// <summary>Forgets days, accounts and adjustments (<see cref="LedgerRetention"/>). All calls belong inside a write transaction.</summary>
internal static class SqlitePruning
{
    // Its leases have all ended: nothing of the day is outstanding.
    private const string DaysSql =
        "SELECT campaign_day_id, day_budget FROM campaign_day d WHERE day < ?1 "
        + "AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.campaign_day = d.campaign_day_id AND l.state = 0) ORDER BY day, tenant, campaign LIMIT ?2";

    // The sums of an account are those of the campaign days that point at it, so it stays as long as one of them.
    private const string AccountsSql =
        "DELETE FROM budget WHERE budget_id IN (SELECT budget_id FROM budget b WHERE scope = 2 AND period < ?1 "
        + "AND NOT EXISTS (SELECT 1 FROM campaign_day d WHERE d.account_budget = b.budget_id) ORDER BY period, tenant, id LIMIT ?2)";

    // A day that is there may exceed its budget by its adjustments, so they stay as long as it.
    private const string AdjustmentsSql =
        "SELECT adjustment_id, tenant, campaign, amount FROM adjustment a WHERE time < ?1 "
        + "AND NOT EXISTS (SELECT 1 FROM campaign_day d WHERE d.tenant = a.tenant AND d.campaign = a.campaign AND d.day = a.day) ORDER BY time, adjustment_id LIMIT ?2";

    // The flight's sums stay for ever, and with them what bounds their excess.
    private const string KeepSumSql =
        "UPDATE budget SET forgotten_up = forgotten_up + max(?3, 0), forgotten_down = forgotten_down + max(-?3, 0) WHERE scope = 1 AND tenant = ?1 AND id = ?2 AND period = 0";

    public static PruneResult Prune(SqliteSession session, int firstDay, long firstTicks, int atMost)
    {
        (int days, int leases) = PruneDays(session, firstDay, atMost);
        int accounts = session.Statement(AccountsSql).Bind(1, firstDay).Bind(2, atMost).Run();
        int adjustments = PruneAdjustments(session, firstTicks, atMost);
        return new PruneResult(days, leases, accounts, adjustments, days == atMost || accounts == atMost || adjustments == atMost);
    }

    private static (int Days, int Leases) PruneDays(SqliteSession session, int firstDay, int atMost)
    {
        var days = new List<(long Id, long Budget)>();
        SqliteStatement row = session.Statement(DaysSql).Bind(1, firstDay).Bind(2, atMost);
        while (row.Step()) days.Add((row.Long(0), row.Long(1)));
        int leases = 0;
        foreach ((long id, long budget) in days)
        {
            leases += session.Statement("DELETE FROM lease WHERE campaign_day = ?1").Bind(1, id).Run();
            session.Statement("DELETE FROM campaign_day WHERE campaign_day_id = ?1").Bind(1, id).Run();
            session.Statement("DELETE FROM budget WHERE budget_id = ?1").Bind(1, budget).Run();
        }

        return (days.Count, leases);
    }

    private static int PruneAdjustments(SqliteSession session, long firstTicks, int atMost)
    {
        var rows = new List<(long Id, string Tenant, string Campaign, long Amount)>();
        SqliteStatement row = session.Statement(AdjustmentsSql).Bind(1, firstTicks).Bind(2, atMost);
        while (row.Step()) rows.Add((row.Long(0), row.Text(1), row.Text(2), row.Long(3)));
        foreach ((long id, string tenant, string campaign, long amount) in rows)
        {
            if (session.Statement(KeepSumSql).Bind(1, tenant).Bind(2, campaign).Bind(3, amount).Run() != 1)
                throw new InvalidOperationException($"Campaign {campaign} has adjustments and no flight.");
            session.Statement("DELETE FROM adjustment WHERE adjustment_id = ?1").Bind(1, id).Run();
        }

        return rows.Count;
    }
}
