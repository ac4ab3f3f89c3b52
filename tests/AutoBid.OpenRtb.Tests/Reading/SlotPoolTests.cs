using AutoBid.OpenRtb.Reading;

namespace AutoBid.OpenRtb.Tests.Reading;

public sealed class SlotPoolTests
{
    [Fact]
    public void What_was_returned_is_rented_again_and_what_does_not_fit_is_dropped()
    {
        int created = 0;
        var pool = new SlotPool<object>(() => { created++; return new object(); }, 2);
        object a = pool.Rent(), b = pool.Rent(), c = pool.Rent();
        Assert.Equal(3, created);
        pool.Return(a);
        pool.Return(b);
        pool.Return(c);
        object[] again = [pool.Rent(), pool.Rent()];
        Assert.Equal(3, created);
        Assert.Contains(a, again);
        Assert.Contains(b, again);
        Assert.NotSame(c, pool.Rent());
        Assert.Equal(4, created);
    }

    [Fact]
    public void No_object_is_handed_to_two_threads_at_once()
    {
        var pool = new SlotPool<int[]>(() => new int[1], 3);
        int collisions = 0;
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ =>
        {
            for (int i = 0; i < 20_000; i++)
            {
                int[] item = pool.Rent();
                if (Interlocked.Increment(ref item[0]) != 1) Interlocked.Increment(ref collisions);
                Interlocked.Decrement(ref item[0]);
                pool.Return(item);
            }
        });
        Assert.Equal(0, collisions);
    }
}
