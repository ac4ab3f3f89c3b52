using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Tests.Leases;

public sealed class LeaseMarksTests
{
    private readonly LeaseMarks _marks = new();

    private List<int> Drain()
    {
        var drained = new List<int>();
        _marks.Drain(drained);
        return drained;
    }

    [Fact]
    public void Marks_are_taken_once_in_order()
    {
        _marks.EnsureCapacity(1_000_000);
        int[] campaigns = [999_999, 0, 63, 64, 4095, 4096, 262_143, 262_144, 63];
        foreach (int c in campaigns) _marks.Set(c);
        Assert.Equal(campaigns.Distinct().Order(), Drain());
        Assert.Empty(Drain());
        _marks.Set(64);
        Assert.Equal([64], Drain());
    }

    [Fact]
    public void Marks_survive_growth()
    {
        _marks.EnsureCapacity(1);
        _marks.Set(0);
        _marks.EnsureCapacity(5_000);
        _marks.Set(4_999);
        Assert.Equal([0, 4_999], Drain());
    }

    [Theory]
    [InlineData(70)]
    [InlineData(300_000)]
    public void A_mark_set_while_others_are_taken_is_never_lost(int campaigns)
    {
        _marks.EnsureCapacity(campaigns);
        // What is marked for: raised before the mark, looked at after it was taken.
        long[] wanted = new long[campaigns];
        long[] seen = new long[campaigns];
        int left = 3;
        Thread[] setters =
        [
            .. Enumerable.Range(0, 3).Select(i => new Thread(() =>
            {
                var random = new Random(i);
                for (int n = 0; n < 100_000; n++)
                {
                    int c = random.Next(campaigns);
                    Interlocked.Increment(ref wanted[c]);
                    _marks.Set(c);
                }

                Interlocked.Decrement(ref left);
            })),
        ];
        foreach (Thread t in setters) t.Start();
        var drained = new List<int>();
        bool last = false;
        while (true)
        {
            drained.Clear();
            _marks.Drain(drained);
            foreach (int c in drained) seen[c] = Volatile.Read(ref wanted[c]);
            if (last) break;
            last = Volatile.Read(ref left) == 0;
        }

        Assert.Equal(wanted, seen);
    }

    [Fact]
    public void Setting_allocates_nothing()
    {
        _marks.EnsureCapacity(1000);
        _marks.Set(1);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int c = 0; c < 1000; c++) _marks.Set(c);
        }));
    }
}
