namespace AutoBid.Engine.Leases;

/// <summary>The desk's side of one lease. Under the desk's lock only.</summary>
internal struct LeaseBook
{
    public long GrantedNanos;

    /// <summary>Settled under the lease as far as this node has heard.</summary>
    public long SettledNanos;

    /// <summary>
    /// Settled by the store under the lease, and not heard of here: outcomes under way or lost, and what bills told of found no headroom.
    /// As of the last <see cref="LeaseDesk.Reconcile"/>: what is heard later may or may not have been in the store's figure.
    /// </summary>
    public long UnheardNanos;

    /// <summary>Held back for what was not heard of: neither headroom nor a hold. At most <see cref="UnheardNanos"/>.</summary>
    public long KeptNanos;

    /// <summary>
    /// Billed to holds that have ended, in a commit that was refused: neither headroom nor settled, until the bills are told again.
    /// </summary>
    public long DoubtNanos;

    /// <summary>Oldest segment number that may have a segment.</summary>
    public long FirstSegment;

    /// <summary>First segment number that has none yet.</summary>
    public long EndSegment;

    /// <summary>Holds that have ended.</summary>
    public long Ended;

    /// <summary>Bids ever made under a lease that is retired.</summary>
    public long Issued;

    /// <summary>The lease before it of the same campaign; 0: none.</summary>
    public int Older;

    public int Campaign;

    /// <summary>Of a retired lease: what was headroom or has returned since. The store gets it when the lease is closed, or the lease is revived with it.</summary>
    public long IdleNanos;

    public bool IsRetired;

    /// <summary>The store's figure, at the last <see cref="LeaseDesk.Reconcile"/>, had room for what is in doubt.</summary>
    public bool IsDoubtSettled;
}
