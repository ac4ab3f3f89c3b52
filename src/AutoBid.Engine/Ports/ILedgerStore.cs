namespace AutoBid.Engine.Ports;

/// <summary>
/// Budgets, leases and the engine's snapshot in one database, so that one transaction can move all of them (design.md section 4).
/// Invariant of every committed state: settled + outstanding &lt;= budget in each scope, for what settled on time under a lease.
/// </summary>
public interface ILedgerStore : IAsyncDisposable
{
    /// <summary>
    /// Creates or updates the budget rows (scopes day, flight, account) of campaigns for a day. A budget lower than settled + outstanding is stored,
    /// stops grants, and is reached as leases return.
    /// </summary>
    ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, CancellationToken cancellation);

    /// <summary>Grants in one transaction; each item debits all scopes of its campaign or none.</summary>
    ValueTask<IReadOnlyList<LeaseGrant>> GrantAsync(IReadOnlyList<LeaseRequest> requests, CancellationToken cancellation);

    /// <summary>Applies a commit atomically: lease settlements, foreign settlements, returned leases, adjustments, campaign states, seen ids, offsets.</summary>
    ValueTask CommitAsync(LedgerCommit commit, CancellationToken cancellation);

    /// <summary>What the last commit left: states, offsets, seen ids younger than <paramref name="seenSinceTicks"/>.</summary>
    ValueTask<LedgerSnapshot> LoadAsync(long seenSinceTicks, CancellationToken cancellation);

    /// <summary>Gives back what leases of dead nodes never settled: leases whose expiry lies before <paramref name="expiredBeforeTicks"/>. Returns their ids.</summary>
    ValueTask<IReadOnlyList<long>> ReclaimAsync(long expiredBeforeTicks, CancellationToken cancellation);

    /// <summary>Budget rows of a campaign, for the console and for tests.</summary>
    ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation);
}
