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
        // Holds pile up far beyond the first cells, end in any order, and new cells come in between.
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
                switch (random.Next(3))
                {
                    case 0:
                        Assert.Equal(price, desk.EndHold(1, held.Seq));
                        Assert.Equal(0, desk.EndHold(1, held.Seq));
                        settled += price;
                        desk.Settle(1, price);
                        break;
                    case 1:
                        Assert.Equal(price, desk.EndHold(1, held.Seq));
                        desk.GiveBack(1, price);
                        break;
                    default:
                        long billed = random.NextInt64(price + 1);
                        Assert.True(desk.TryBill(1, held.Seq, billed));
                        settled += billed;
                        break;
                }
            }

            if (round % 50 == 0)
            {
                long more = random.Next(0, 5_000);
                granted += more;
                desk.Grant(0, 1, 20250101, more, Stop, 1);
                desk.Reconcile(1, granted, settled);
            }

            desk.Tune(0, 1_000_000, 256);

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
                desk.Tune(0, 0, 64);
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
            Assert.False(desk.TryHold(0, 1, 1000, 10, out _));
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

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_campaign_stays_short_without_a_mark(int seed)
    {
        const int Campaigns = 70;
        const long Low = 500;
        var desk = new LeaseDesk();
        desk.EnsureCapacity(Campaigns);
        for (int c = 0; c < Campaigns; c++)
        {
            desk.Grant(c, c + 1, 20250101, 1000, Stop, 1);
            desk.Tune(c, Low, 64);
        }

        bool running = true;
        void Bid(int thread)
        {
            var random = new Random(seed * 10 + thread);
            while (Volatile.Read(ref running))
            {
                int c = random.Next(Campaigns);
                if (desk.TryHold(c, random.Next(1, 50), 1000, 10, out HeldBid held)) desk.GiveBack(held.LeaseId, desk.EndHold(held.LeaseId, held.Seq) / 2);
            }
        }

        Thread[] bidders = [.. Enumerable.Range(0, 3).Select(i => new Thread(() => Bid(i)))];
        foreach (Thread t in bidders) t.Start();
        var wanted = new List<int>();
        // The refiller's part: what is marked gets headroom and cells; nothing else is looked at.
        void Refill()
        {
            wanted.Clear();
            desk.TakeWanted(wanted);
            foreach (int c in wanted)
            {
                long headroom = desk.Tune(c, Low, 64);
                if (headroom < Low) desk.Grant(c, c + 1, 20250101, 1000 - headroom, Stop, 1);
            }
        }

        for (int round = 0; round < 20_000; round++) Refill();
        Volatile.Write(ref running, false);
        foreach (Thread t in bidders) t.Join();
        Refill();
        for (int c = 0; c < Campaigns; c++)
        {
            LeaseView view = desk.Look(c);
            Assert.True(view.HeadroomNanos >= Low, $"campaign {c} has {view.HeadroomNanos}");
            Assert.True(view.FreeCells >= LeaseDesk.FewestCells / 2, $"campaign {c} has {view.FreeCells} cells");
        }
    }

    [Fact]
    public void No_bid_is_made_at_or_after_the_stop_and_holds_end_on_the_clock_of_leases()
    {
        const long Life = 50;
        var desk = new LeaseDesk();
        desk.EnsureCapacity(1);
        long now = 0, stop = Life;
        desk.Grant(0, 1, 20250101, 1_000_000_000, stop, 1);
        desk.Tune(0, 0, 1024);
        bool running = true;
        long bids = 0;
        var wrong = new ConcurrentQueue<string>();
        void Bid()
        {
            while (Volatile.Read(ref running))
            {
                // The stop only moves forward: one read after the bid is at least the one that the bid saw.
                long at = Volatile.Read(ref now);
                if (!desk.TryHold(0, 1, at, 10, out HeldBid _)) continue;
                Interlocked.Increment(ref bids);
                long stopped = Volatile.Read(ref stop);
                if (at >= stopped) wrong.Enqueue($"bid at {at}, stop {stopped}");
            }
        }

        Thread[] bidders = [.. Enumerable.Range(0, 3).Select(_ => new Thread(Bid))];
        foreach (Thread t in bidders) t.Start();
        var random = new Random(5);
        long ended = 0;
        while (Volatile.Read(ref now) < 20_000)
        {
            Volatile.Write(ref now, now + 1);
            // Renewals come late now and then: the lease rests until they do.
            if (random.Next(40) == 0)
            {
                Volatile.Write(ref stop, now + Life);
                desk.Grant(0, 1, 20250101, 0, stop, 1);
            }

            if (random.Next(10) == 0) ended += desk.Sweep(0, now);
            desk.Tune(0, 0, 1024);
        }

        Volatile.Write(ref running, false);
        foreach (Thread t in bidders) t.Join();
        Assert.Empty(wrong);
        ended += desk.Sweep(0, now + 10);
        Assert.Equal(bids, ended);
        Assert.Equal(1_000_000_000, desk.Look(0).HeadroomNanos);
    }
}
