namespace AutoBid.Engine.Ports;

/// <summary>
/// A bill under a lease whose holds are not on the committing node: another node's, a dead process's, a DSP's. The store settles what the lease has
/// left; the rest it lists as the adjustment, with the cause that fits.
/// </summary>
/// <param name="Bill">The whole amount, at least 0; its day counts only where the lease says none, its cause never.</param>
public readonly record struct OutsideBill(long LeaseId, Adjustment Bill);
