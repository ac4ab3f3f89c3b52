using System.Runtime.InteropServices;

namespace AutoBid.Engine.Bidding;

/// <summary>
/// All that the bid path reads of one campaign, in one cache line. Written by the decision loop only, read by every bid thread through the
/// sequence number (<see cref="BidSlotTable"/>).
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public struct BidSlot
{
    /// <summary>Odd while the slot is being written.</summary>
    internal long Sequence;

    /// <summary>multiplier x reference: account currency per unit of value.</summary>
    public double BidPerValue;

    /// <summary>The same at the safe multiplier, for a slot that has expired.</summary>
    public double SafeBidPerValue;

    /// <summary>Campaign floor and cap, nanos per impression; 0: none.</summary>
    public long FloorNanos;

    public long CapNanos;

    /// <summary>From here on the safe multiplier is used.</summary>
    public long ExpiresTicks;

    /// <summary>From here on nothing is bid: twice the life of the slot.</summary>
    public long DeadTicks;

    public BidSlotFlags Flags;

    /// <summary>Rises with every publication; 0: never published.</summary>
    public int Version;
}
