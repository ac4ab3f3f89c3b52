using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

/// <summary>The budget rows that one day of one campaign debits, and the statements on them. All calls belong inside a write transaction.</summary>
internal readonly record struct CampaignScopes(long CampaignDay, long DayBudget, long FlightBudget, long? AccountBudget)
{
    private const string FindSql =
        "SELECT campaign_day_id, day_budget, flight_budget, account_budget FROM campaign_day WHERE tenant = ?1 AND campaign = ?2 AND day = ?3";

    private const string InsertSql = "INSERT INTO campaign_day (tenant, campaign, day, day_budget, flight_budget) VALUES (?1, ?2, ?3, ?4, ?5)";

    private const string PartitionSql = "UPDATE campaign_day SET partition = ?2 WHERE campaign_day_id = ?1 AND partition IS NOT ?2";

    // The update changes nothing: it makes RETURNING give the row that was already there.
    private const string EnsureBudgetSql =
        "INSERT INTO budget (scope, tenant, id, period) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (scope, tenant, id, period) DO UPDATE SET scope = scope RETURNING budget_id";

    // max() of a NULL is NULL: a scope without a limit has no budget either.
    private const string LimitSql = "UPDATE budget SET requested = ?2, budget = max(?2, settled + outstanding - raised) WHERE budget_id = ?1";

    // The statements on budget rows take one row each: an IN list of three makes SQLite build a temporary index at every execution.
    private const string RoomSql = "SELECT coalesce(requested, 9223372036854775807) - settled - outstanding FROM budget WHERE budget_id = ?1";

    private const string LeaseSql =
        "UPDATE budget SET outstanding = outstanding + ?2 WHERE budget_id = ?1 AND (requested IS NULL OR settled + outstanding + ?2 <= requested)";

    private const string ReturnSql =
        "UPDATE budget SET outstanding = outstanding - ?2, budget = max(requested, settled + outstanding - ?2 - raised) WHERE budget_id = ?1";

    private const string MoveSql =
        "UPDATE budget SET settled = settled + ?2, outstanding = outstanding + ?3, budget = max(requested, settled + outstanding + ?2 + ?3 - raised) WHERE budget_id = ?1";

    public IReadOnlyList<long> Budgets => AccountBudget is { } account ? [DayBudget, FlightBudget, account] : [DayBudget, FlightBudget];

    public static CampaignScopes? Find(SqliteSession session, string tenant, string campaign, int day)
    {
        SqliteStatement find = session.Statement(FindSql).Bind(1, tenant).Bind(2, campaign).Bind(3, day);
        if (!find.Step()) return null;
        var scopes = new CampaignScopes(find.Long(0), find.Long(1), find.Long(2), find.LongOrNull(3));
        find.Reset();
        return scopes;
    }

    /// <summary>The scopes of the campaign's day; created without any budget when missing, so that money that came too early is counted and grants nothing.</summary>
    public static CampaignScopes Ensure(SqliteSession session, string tenant, string campaign, int day)
    {
        if (Find(session, tenant, campaign, day) is { } known) return known;
        long dayBudget = EnsureBudget(session, BudgetScope.Day, tenant, campaign, day);
        long flightBudget = EnsureBudget(session, BudgetScope.Flight, tenant, campaign, 0);
        Limit(session, dayBudget, 0);
        session.Statement(InsertSql).Bind(1, tenant).Bind(2, campaign).Bind(3, day).Bind(4, dayBudget).Bind(5, flightBudget).Run();
        return Find(session, tenant, campaign, day)!.Value;
    }

    public static void SetBudgets(SqliteSession session, in BudgetSetting setting)
    {
        CampaignScopes scopes = Ensure(session, setting.TenantId, setting.CampaignId, setting.Day);
        session.Statement(PartitionSql).Bind(1, scopes.CampaignDay).Bind(2, setting.Partition).Run();
        Limit(session, scopes.DayBudget, setting.DayNanos);
        Limit(session, scopes.FlightBudget, setting.FlightNanos);
        long? account = null;
        if (setting.Account is { } name)
        {
            account = EnsureBudget(session, BudgetScope.Account, setting.TenantId, name, setting.Day);

            // Campaigns share the account: one that states no limit must not lift the limit that another one stated.
            if (setting.AccountNanos is { } limit) Limit(session, account.Value, limit);
        }

        if (account != scopes.AccountBudget) scopes.JoinAccount(session, account);
    }

    /// <summary>Least amount that a scope has left ungranted; negative when one is overspent or its budget was lowered.</summary>
    public long Room(SqliteSession session)
    {
        SqliteStatement room = session.Statement(RoomSql);
        long least = Math.Min(Room(room, DayBudget), Room(room, FlightBudget));
        return AccountBudget is { } account ? Math.Min(least, Room(room, account)) : least;
    }

    /// <summary>Moves <paramref name="amount"/> from free budget to outstanding in every scope, each guarded by its own budget.</summary>
    public void Lease(SqliteSession session, long amount)
    {
        // The caller asked for the room inside this transaction; a scope that refuses now would leave the others debited.
        if (!UpdateAll(session, LeaseSql, amount)) throw new InvalidOperationException("A scope refused an amount for which it had room.");
    }

    /// <summary>Gives <paramref name="amount"/> of outstanding back in every scope.</summary>
    public void Return(SqliteSession session, long amount) => UpdateAll(session, ReturnSql, amount);

    private static long Room(SqliteStatement statement, long budget)
    {
        statement.Bind(1, budget).Step();
        long room = statement.Long(0);
        statement.Reset();
        return room;
    }

    private bool UpdateAll(SqliteSession session, string sql, long amount)
    {
        SqliteStatement update = session.Statement(sql);
        return update.Bind(1, DayBudget).Bind(2, amount).Run() == 1
            && update.Bind(1, FlightBudget).Bind(2, amount).Run() == 1
            && (AccountBudget is not { } account || update.Bind(1, account).Bind(2, amount).Run() == 1);
    }

    /// <summary>
    /// Points the day at another account and takes its sums along: otherwise a correction of an amount settled before the change would
    /// take from an account that never had it.
    /// </summary>
    private void JoinAccount(SqliteSession session, long? account)
    {
        SqliteStatement sums = session.Statement("SELECT settled, outstanding FROM budget WHERE budget_id = ?1").Bind(1, DayBudget);
        sums.Step();
        (long settled, long outstanding) = (sums.Long(0), sums.Long(1));
        sums.Reset();
        if (AccountBudget is not null) session.Statement(MoveSql).Bind(1, AccountBudget).Bind(2, -settled).Bind(3, -outstanding).Run();
        if (account is not null) session.Statement(MoveSql).Bind(1, account).Bind(2, settled).Bind(3, outstanding).Run();
        session.Statement("UPDATE campaign_day SET account_budget = ?2 WHERE campaign_day_id = ?1").Bind(1, CampaignDay).Bind(2, account).Run();
    }

    private static long EnsureBudget(SqliteSession session, BudgetScope scope, string tenant, string id, int period)
    {
        SqliteStatement ensure = session.Statement(EnsureBudgetSql).Bind(1, (long)scope).Bind(2, tenant).Bind(3, id).Bind(4, period);
        ensure.Step();
        long budget = ensure.Long(0);
        ensure.Reset();
        return budget;
    }

    private static void Limit(SqliteSession session, long budget, long? requested)
        => session.Statement(LimitSql).Bind(1, budget).Bind(2, requested).Run();
}
