using System.Runtime.InteropServices;

namespace AutoBid.Engine.Leases;

/// <summary>The money side of one lease on this node, one cache line. Headroom and NextSeq belong to the bid threads, the rest to the lease desk.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct LeaseAccount
{
    /// <summary>Granted and neither held nor settled, nanos. Taken by bids, returned by ended holds, raised by grants. Never below 0.</summary>
    public long HeadroomNanos;

    /// <summary>Sequence number of the next bid.</summary>
    public long NextSeq;

    /// <summary>First sequence number for which no hold cell is free.</summary>
    public long SeqLimit;

    public long LeaseId;

    /// <summary>Where the holds are: offset in the slab and log2 of the capacity, in one word so that it is read at once.</summary>
    public long Ring;

    /// <summary>No bid under this lease from here on.</summary>
    public long StopTicks;

    /// <summary>Oldest sequence number whose hold may be open. Lease desk only.</summary>
    public long FirstOpenSeq;

    /// <summary>Share of the price that is held: 1 in strict, the upper bound of the win rate in expected.</summary>
    public float HoldShare;

    /// <summary>yyyymmdd of the lease.</summary>
    public int Day;
}
