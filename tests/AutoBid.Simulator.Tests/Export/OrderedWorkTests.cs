using AutoBid.Simulator.Export;

namespace AutoBid.Simulator.Tests.Export;

public sealed class OrderedWorkTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(300)]
    public void Items_come_in_order_and_each_worker_is_used_by_one_thread(int threads)
    {
        var taken = new List<(int, int)>();
        int workers = 0;
        OrderedWork<int>.Run(
            200, threads,
            () =>
            {
                Interlocked.Increment(ref workers);
                int busy = 0;
                return i =>
                {
                    Assert.Equal(1, Interlocked.Increment(ref busy));
                    Interlocked.Decrement(ref busy);
                    return i * i;
                };
            },
            (i, item) => taken.Add((i, item)), CancellationToken.None);
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (i, i * i)), taken);
        Assert.InRange(workers, 1, Math.Min(threads, 200));
    }

    [Fact]
    public void Threads_do_not_run_far_ahead_of_what_is_handed_over()
    {
        int started = 0;
        int ahead = 0;
        OrderedWork<int>.Run(
            100, 3, () => i => Interlocked.Increment(ref started), (i, _) => ahead = Math.Max(ahead, Volatile.Read(ref started) - i), CancellationToken.None);
        Assert.InRange(ahead, 1, 6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_failure_is_thrown_at_its_own_number(int threads)
    {
        var taken = new List<int>();
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => OrderedWork<int>.Run(
            50, threads, () => i => i is 7 or 9 ? throw new InvalidOperationException($"item {i}") : i, (i, _) => taken.Add(i), CancellationToken.None));
        Assert.Equal("item 7", e.Message);
        Assert.Equal(Enumerable.Range(0, 7), taken);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Cancelling_ends_it_and_what_takes_may_throw(int threads)
    {
        using var cancel = new CancellationTokenSource();
        var taken = new List<int>();
        Assert.Throws<OperationCanceledException>(() => OrderedWork<int>.Run(50, threads, () => i => i, (i, _) =>
        {
            taken.Add(i);
            if (i == 4) cancel.Cancel();
        }, cancel.Token));
        Assert.Equal(Enumerable.Range(0, 5), taken);
        Assert.Throws<IOException>(() => OrderedWork<int>.Run(50, threads, () => i => i, (i, _) => throw new IOException("full"), CancellationToken.None));
        OrderedWork<int>.Run(0, threads, () => i => i, (_, _) => Assert.Fail("nothing to take"), CancellationToken.None);
    }

    [Fact]
    public void Cancelling_wakes_a_caller_that_waits()
    {
        using var cancel = new CancellationTokenSource();
        using var begun = new ManualResetEventSlim();
        using var finish = new ManualResetEventSlim();
        // Item 0 ends only when the caller has been woken; the workers cancel while it waits.
        cancel.Token.Register(finish.Set);
        Assert.Throws<OperationCanceledException>(() => OrderedWork<int>.Run(
            2, 2,
            () => i =>
            {
                if (i == 0)
                {
                    begun.Set();
                    finish.Wait(CancellationToken.None);
                    return i;
                }

                begun.Wait(CancellationToken.None);
                cancel.Cancel();
                return i;
            },
            (_, _) => { }, cancel.Token));
    }
}
