using System.Runtime.InteropServices;

namespace AutoBid.Engine.Leases;

/// <summary>
/// What the bid path needs of one lease, one cache line. Headroom and NextSeq belong to the bid threads and the lease desk, the rest is written by the
/// desk alone.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct LeaseAccount
{
    /// <summary>Granted and neither held, settled nor kept back, nanos. Taken by bids, returned by ended holds, raised by grants. Never below 0.</summary>
    public long HeadroomNanos;

    /// <summary>Sequence number of the next bid; of a retired lease above every limit, so that no bid can take one.</summary>
    public long NextSeq;

    /// <summary>First sequence number for which there is no cell.</summary>
    public long SeqLimit;

    public long LeaseId;

    /// <summary>No bid under this lease from here on, on the clock of leases.</summary>
    public long StopTicks;

    /// <summary>
    /// The segment that bids write to now, and its number in the upper half: spares all but one bid in 8 the directory. Bid threads race for it and
    /// may set it back; each value is true as long as a bid of that number looks for its cell.
    /// </summary>
    public long Tail;

    /// <summary>Which segment holds which sequence numbers (<see cref="HoldSlab.Entry"/>).</summary>
    public int Directory;

    /// <summary>A bid that takes headroom below this marks the campaign. Rounded to 24 bits, which is what leaves room for the tail.</summary>
    public float LowNanos;

    /// <summary>Share of the price that is held: 1 in strict, the upper bound of the win rate in expected.</summary>
    public float HoldShare;

    /// <summary>yyyymmdd of the lease.</summary>
    public int Day;
}
