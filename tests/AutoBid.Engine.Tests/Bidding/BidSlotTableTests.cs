using AutoBid.Engine.Bidding;

namespace AutoBid.Engine.Tests.Bidding;

public sealed class BidSlotTableTests
{
    private static BidSlot Filled(int n) => new()
    {
        BidPerValue = n,
        SafeBidPerValue = n + 0.5,
        FloorNanos = n,
        CapNanos = 2L * n,
        ExpiresTicks = 3L * n,
        DeadTicks = 4L * n,
        Flags = (BidSlotFlags)(n & 7),
        Version = n,
    };

    [Fact]
    public void A_slot_is_one_cache_line() => Assert.Equal(64, System.Runtime.CompilerServices.Unsafe.SizeOf<BidSlot>());

    [Fact]
    public void A_slot_that_was_never_published_has_version_0()
    {
        var table = new BidSlotTable();
        table.EnsureCapacity(3000);
        table.Read(2999, out BidSlot slot);
        Assert.Equal(0, slot.Version);
    }

    [Fact]
    public void A_reader_never_sees_a_torn_slot()
    {
        var table = new BidSlotTable();
        table.EnsureCapacity(2);
        table.Publish(1, Filled(1));
        bool running = true;
        string? torn = null;
        long changes = 0;
        Thread[] readers =
        [
            .. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                int last = 0;
                while (Volatile.Read(ref running))
                {
                    table.Read(1, out BidSlot slot);
                    int n = slot.Version;
                    BidSlot whole = Filled(n);
                    if (slot.BidPerValue != whole.BidPerValue || slot.SafeBidPerValue != whole.SafeBidPerValue || slot.FloorNanos != whole.FloorNanos
                        || slot.CapNanos != whole.CapNanos || slot.ExpiresTicks != whole.ExpiresTicks || slot.DeadTicks != whole.DeadTicks || slot.Flags != whole.Flags)
                        torn = $"version {n}: {slot.BidPerValue} {slot.CapNanos} {slot.DeadTicks}";
                    if (n < last) torn = $"version {n} after {last}";
                    if (n > last) Interlocked.Increment(ref changes);
                    last = n;
                }
            })),
        ];
        foreach (Thread t in readers) t.Start();
        // Until readers have met writes often enough, whatever else the machine does.
        for (int n = 2; n < 200_000 || Volatile.Read(ref changes) < 2_000; n++)
        {
            table.Publish(1, Filled(n));
            if (n % 1000 == 0) Thread.Yield();
        }

        Volatile.Write(ref running, false);
        foreach (Thread t in readers) t.Join();
        Assert.Null(torn);
    }

    [Fact]
    public void References_stay_valid_while_the_table_grows()
    {
        var table = new BidSlotTable();
        table.EnsureCapacity(1);
        table.Publish(0, Filled(9));
        bool running = true;
        int wrong = 0;
        var reader = new Thread(() =>
        {
            while (Volatile.Read(ref running))
            {
                table.Read(0, out BidSlot slot);
                if (slot.Version != 9) wrong++;
            }
        });
        reader.Start();
        for (int n = 1; n < 200_000; n += 997) table.EnsureCapacity(n);
        Volatile.Write(ref running, false);
        reader.Join();
        Assert.Equal(0, wrong);
    }
}
