using System.Collections.Concurrent;
using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Tests.Leases;

/// <summary>Many threads bid while another grants, ends, sweeps and retires: money is neither made nor lost, and no hold ends twice.</summary>
public sealed class LeaseDeskTortureTests
{
    private const long Stop = long.MaxValue;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Granted_is_headroom_plus_open_holds_plus_settled(int seed)
    {
        var desk = new LeaseDesk();
        desk.EnsureCapacity(1);
        var answered = new ConcurrentQueue<(HeldBid Held, long Price)>();
        long granted = 20_000_000;
        desk.Grant(0, 1, 20250101, granted, Stop, 1);
        bool running = true;
        long bids = 0;

        void Bid(int thread)
        {
            var random = new Random(seed * 100 + thread);
            while (Volatile.Read(ref running))
            {
                long price = random.Next(1, 200);
                if (!desk.TryHold(0, price, 1000, 1_000_000, out HeldBid held)) continue;
                Interlocked.Increment(ref bids);
                answered.Enqueue((held, price));
            }
        }

        Thread[] bidders = [.. Enumerable.Range(0, 4).Select(i => new Thread(() => Bid(i)))];
        foreach (Thread t in bidders) t.Start();

        var random = new Random(seed);
        var waiting = new List<(HeldBid Held, long Price)>();
        long settled = 0;
        // Holds pile up far beyond the first ring, end in any order, and grants (which grow rings) fall in between.
        for (int round = 0; Volatile.Read(ref bids) < 40_000; round++)
        {
            if (waiting.Count < 100) Thread.Yield();
            while (answered.TryDequeue(out var one)) waiting.Add(one);
            for (int k = 0; k < 3 && waiting.Count > 0; k++)
            {
                int at = random.Next(waiting.Count);
                (HeldBid held, long price) = waiting[at];
                waiting[at] = waiting[^1];
                waiting.RemoveAt(waiting.Count - 1);
                Assert.Equal(price, desk.EndHold(1, held.Seq));
                Assert.Equal(0, desk.EndHold(1, held.Seq));
                if (random.Next(2) == 0)
                {
                    settled += price;
                    desk.Settle(1, price);
                }
                else
                {
                    desk.GiveBack(1, price);
                }
            }

            if (round % 50 == 0)
            {
                long more = random.Next(0, 5_000);
                granted += more;
                desk.Grant(0, 1, 20250101, more, Stop, 1);
            }

            if (round % 70 == 0) Assert.Equal(0, desk.Sweep(0, 2000));
        }

        Volatile.Write(ref running, false);
        foreach (Thread t in bidders) t.Join();
        while (answered.TryDequeue(out var one)) waiting.Add(one);
        LeaseView view = desk.Look(0);
        Assert.Equal(granted, view.GrantedNanos);
        Assert.Equal(settled, view.SettledNanos);
        Assert.Equal(granted, view.HeadroomNanos + waiting.Sum(one => one.Price) + settled);

        // Every hold is still there, once, and after the last one every cell is free.
        foreach ((HeldBid held, long price) in waiting) Assert.Equal(price, desk.EndHold(1, held.Seq));
        desk.Retire(0);
        var closed = new List<long>();
        desk.CollectRetired(0, 3000, closed);
        Assert.Equal([1L], closed);
    }

    [Fact]
    public void Holds_survive_a_sweep_that_runs_while_they_are_written()
    {
        var desk = new LeaseDesk();
        desk.EnsureCapacity(1);
        desk.Grant(0, 1, 20250101, long.MaxValue / 2, Stop, 1);
        bool running = true;
        // Advances the front over and over while holds are written behind it: a half-written one must not be passed.
        var sweeper = new Thread(() =>
        {
            while (Volatile.Read(ref running))
            {
                desk.Sweep(0, 500);
                desk.Grant(0, 1, 20250101, 0, Stop, 1);
            }
        });
        sweeper.Start();
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 100_000; i++)
            {
                if (!desk.TryHold(0, 7, 1000, 1000, out HeldBid held)) continue;
                Assert.Equal(7, desk.EndHold(1, held.Seq));
                desk.GiveBack(1, 7);
            }
        });
        Volatile.Write(ref running, false);
        sweeper.Join();
        Assert.Equal(long.MaxValue / 2, desk.Look(0).HeadroomNanos);
    }

    [Fact]
    public void Retiring_under_fire_leaves_no_bid_without_a_lease()
    {
        var desk = new LeaseDesk();
        desk.EnsureCapacity(1);
        bool running = true;
        var answered = new ConcurrentQueue<(HeldBid Held, long Price)>();
        Thread[] bidders =
        [
            .. Enumerable.Range(0, 3).Select(i => new Thread(() =>
            {
                while (Volatile.Read(ref running))
                    if (desk.TryHold(0, 5, 1000, 1_000_000, out HeldBid held)) answered.Enqueue((held, 5));
            })),
        ];
        foreach (Thread t in bidders) t.Start();
        var closed = new List<long>();
        const int Days = 200;
        for (int day = 1; day <= Days; day++)
        {
            int target = answered.Count + 5;
            desk.Grant(0, day, 20250000 + day, 50_000, Stop, 1);
            var spin = default(SpinWait);
            while (answered.Count < target) spin.SpinOnce();
            desk.Retire(0);
            desk.CollectRetired(0, 1000, closed);
        }

        Volatile.Write(ref running, false);
        foreach (Thread t in bidders) t.Join();
        foreach ((HeldBid held, long price) in answered)
        {
            Assert.Equal(20250000 + held.LeaseId, held.Day);
            Assert.Equal(price, desk.EndHold(held.LeaseId, held.Seq));
        }

        desk.CollectRetired(0, 1000, closed);
        Assert.Equal(Enumerable.Range(1, Days).Select(i => (long)i), closed.Order());
    }
}
