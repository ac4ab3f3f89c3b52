namespace AutoBid.Engine.Ports;

/// <summary>What one call of <see cref="ILedgerStore.PruneAsync"/> forgot.</summary>
/// <param name="Days">Campaign days, each with its budget row.</param>
/// <param name="Leases">Ended leases of these days.</param>
/// <param name="Accounts">Budget rows of accounts that no campaign day points at any more.</param>
/// <param name="Adjustments">Adjustments that now count in their campaign's sums alone.</param>
/// <param name="HasMore">The call did as much as it was allowed to: there may be more to forget.</param>
public readonly record struct PruneResult(int Days, int Leases, int Accounts, int Adjustments, bool HasMore);
