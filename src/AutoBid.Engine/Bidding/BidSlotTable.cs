namespace AutoBid.Engine.Bidding;

/// <summary>
/// The bid slots, indexed by campaign. Seqlock: one writer, any number of readers that never wait for it and retry when they met a write.
/// Invariant: Sequence is odd exactly while the other fields change, and even numbers differ before and after a write.
/// </summary>
public sealed class BidSlotTable
{
    private readonly ChunkedArray<BidSlot> _slots = new();

    /// <summary>Makes room for campaigns up to <paramref name="count"/>. Writer only.</summary>
    public void EnsureCapacity(int count) => _slots.EnsureCapacity(count);

    /// <summary>Publishes a slot. Writer only.</summary>
    public void Publish(int campaign, in BidSlot value)
    {
        ref BidSlot slot = ref _slots[campaign];
        long sequence = slot.Sequence;
        Volatile.Write(ref slot.Sequence, sequence + 1);
        // Keeps the field writes behind the odd number; the release store below keeps them before the even one.
        Volatile.WriteBarrier();
        slot.BidPerValue = value.BidPerValue;
        slot.SafeBidPerValue = value.SafeBidPerValue;
        slot.FloorNanos = value.FloorNanos;
        slot.CapNanos = value.CapNanos;
        slot.ExpiresTicks = value.ExpiresTicks;
        slot.DeadTicks = value.DeadTicks;
        slot.Flags = value.Flags;
        slot.Version = value.Version;
        Volatile.Write(ref slot.Sequence, sequence + 2);
    }

    /// <summary>A consistent copy of a slot. Any thread.</summary>
    public void Read(int campaign, out BidSlot copy)
    {
        ref BidSlot slot = ref _slots[campaign];
        var spin = default(SpinWait);
        while (true)
        {
            long before = Volatile.Read(ref slot.Sequence);
            if ((before & 1) == 0)
            {
                copy = slot;
                // The copy must be complete before the number is looked at again.
                Volatile.ReadBarrier();
                if (Volatile.Read(ref slot.Sequence) == before) return;
            }

            spin.SpinOnce(-1);
        }
    }
}
