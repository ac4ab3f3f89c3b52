namespace AutoBid.Engine.Ports;

/// <summary>
/// Budgets, leases and the engine's snapshot in one database, so that one transaction can move all of them (design.md section 4).
/// Invariant of every committed state: settled + outstanding &lt;= budget in each scope, for what settled on time under a lease.
/// A partition has one owner at a time: whoever claimed it last. What belongs to a partition changes only under its current epoch.
/// Every method throws <see cref="StoreUnavailableException"/> while the database cannot be used, and works again as soon as it can.
/// </summary>
public interface ILedgerStore : IAsyncDisposable
{
    /// <summary>Makes <paramref name="node"/> the owner of partitions: raises their epochs, so that nothing of an earlier owner commits from here on.</summary>
    /// <param name="partitionCount">Partitions of every keyed topic; remembered at the first call.</param>
    /// <returns>In the order of <paramref name="partitions"/>.</returns>
    /// <exception cref="InvalidOperationException">The store was used with another partition count.</exception>
    ValueTask<IReadOnlyList<PartitionClaim>> ClaimAsync(string node, IReadOnlyList<int> partitions, int partitionCount, CancellationToken cancellation);

    /// <summary>What the last commits left for these partitions: states, dedupe blocks, offsets, open leases.</summary>
    ValueTask<LedgerSnapshot> LoadAsync(IReadOnlyList<int> partitions, CancellationToken cancellation);

    /// <summary>
    /// Creates or updates the budget rows (scopes day, flight, account) of campaigns for a day. A budget lower than settled + outstanding is stored,
    /// stops grants, and is reached as leases return.
    /// </summary>
    /// <param name="epochs">Epochs of the settings' partitions: only the owner sets budgets.</param>
    /// <exception cref="FencedException">An epoch is not the current one; nothing was set.</exception>
    /// <exception cref="ArgumentException">The epoch of a setting's partition is missing.</exception>
    ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, IReadOnlyList<PartitionEpoch> epochs, CancellationToken cancellation);

    /// <summary>Grants in one transaction; each item debits all scopes of its campaign or none. Any node may ask.</summary>
    ValueTask<IReadOnlyList<LeaseGrant>> GrantAsync(IReadOnlyList<LeaseRequest> requests, CancellationToken cancellation);

    /// <summary>
    /// Applies a commit atomically: settlements, outside bills, adjustments, closed leases, campaign states, dedupe blocks (dropped, replaced, appended),
    /// offsets, in this order.
    /// </summary>
    /// <exception cref="FencedException">An epoch is not the current one; nothing was applied.</exception>
    ValueTask<CommitResult> CommitAsync(LedgerCommit commit, CancellationToken cancellation);

    /// <summary>Whose leases these are, open or ended; unknown ids are left out.</summary>
    ValueTask<IReadOnlyList<LeaseOwner>> FindLeasesAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation);

    /// <summary>A node gives back its own leases: what they never settled returns to the scopes. Ended ones stay as they are.</summary>
    /// <exception cref="InvalidOperationException">A lease is unknown; nothing was returned.</exception>
    ValueTask ReturnAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation);

    /// <summary>Gives back what leases of dead nodes never settled: those that expired more than <paramref name="afterExpiryTicks"/> ago.</summary>
    /// <param name="exceptNode">This node's leases stay; null: none stays.</param>
    /// <param name="nowTicks">Event time, UTC ticks; a store that several nodes share goes by its own clock instead.</param>
    /// <returns>Ids of the leases that ended so.</returns>
    ValueTask<IReadOnlyList<long>> ReclaimAsync(string? exceptNode, long nowTicks, long afterExpiryTicks, CancellationToken cancellation);

    /// <summary>A sign of life of a node, with how far its bid statistics are in the log; returns the nodes seen within <paramref name="lifeTicks"/>, this one included.</summary>
    /// <param name="nowTicks">Event time, UTC ticks; a store that several nodes share goes by its own clock instead.</param>
    ValueTask<IReadOnlyList<LiveNode>> HeartbeatAsync(string node, long nowTicks, long statsThroughTicks, long lifeTicks, CancellationToken cancellation);

    /// <summary>
    /// Forgets, in one short transaction, what <paramref name="retention"/> does not keep: days without an open lease, with their ended leases and budget rows;
    /// budget rows of accounts that no day points at; adjustments whose day is gone, which from then on count in two sums of their campaign. Oldest first.
    /// Sums of flights never change. What comes for a forgotten day later finds it as if it had never been: its rows are made anew without any budget, a lease
    /// of it is unknown, and a correction downwards is refused, which is why the engine rejects those before a day may go. Any node, at any time.
    /// </summary>
    /// <param name="nowTicks">Event time, UTC ticks; a store that several nodes share goes by its own clock instead.</param>
    /// <param name="atMost">Most days, accounts and adjustments, of each.</param>
    ValueTask<PruneResult> PruneAsync(LedgerRetention retention, long nowTicks, int atMost, CancellationToken cancellation);

    /// <summary>Budget rows of a campaign, for the console and for tests.</summary>
    ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation);

    /// <summary>
    /// The adjustments of a campaign in the order in which they were committed, after what stands for those that are forgotten: every amount by which it may
    /// exceed a budget.
    /// </summary>
    ValueTask<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenantId, string campaignId, CancellationToken cancellation);
}
