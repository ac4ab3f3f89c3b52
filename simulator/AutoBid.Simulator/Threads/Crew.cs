using System.Numerics;
using System.Runtime.ExceptionServices;

namespace AutoBid.Simulator.Threads;

/// <summary>
/// The caller's thread and pool threads that share the items of one phase after the other. Which thread does an item is chance: work may write only what
/// belongs to its item, or to its worker where the result does not depend on it. No allocation per phase; one caller at a time.
/// </summary>
public sealed class Crew : IThreadPoolWorkItem
{
    public const int MostThreads = 64;

    private const int IndexBits = 20;
    private const long IndexMask = (1L << IndexBits) - 1;

    /// <summary>Looks for the next phase before a helper goes back to the pool: some tens of microseconds, more than the serial parts between phases.</summary>
    private const int LingerSpins = 2_000;

    // Round, number of items and next item in one word. Invariant: an item belongs to whoever moves the word past it, so a helper that comes late
    // cannot take an item of one round with the work of another.
    private long _state;
    private Action<int, int>? _work;
    private int _done;
    private int _helpers;
    private ulong _busyWorkers;
    private ExceptionDispatchInfo? _failure;

    /// <param name="threads">1 to 64, the caller's thread included.</param>
    public Crew(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MostThreads);
        Threads = threads;
    }

    public int Threads { get; }

    /// <summary>Does all items and returns. The first exception of any of them is thrown here once the others have ended.</summary>
    /// <param name="work">(item, worker): worker is 0 to <see cref="Threads"/> - 1, and no two items have the same one at the same time.</param>
    public void Run(int items, Action<int, int> work)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(items, (int)IndexMask);
        if (Threads == 1 || items < 2)
        {
            for (int item = 0; item < items; item++) work(item, 0);
            return;
        }

        _work = work;
        _done = 0;
        long round = (_state >>> (2 * IndexBits)) + 1;
        Volatile.Write(ref _state, (round << (2 * IndexBits)) | ((long)items << IndexBits));
        for (int wanted = Math.Min(Threads, items) - 1; Volatile.Read(ref _helpers) < wanted;)
        {
            Interlocked.Increment(ref _helpers);
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        while (TryItem(worker: 0))
        {
        }

        var spin = default(SpinWait);
        while (Volatile.Read(ref _done) < items) spin.SpinOnce(sleep1Threshold: -1);
        if (Interlocked.Exchange(ref _failure, null) is { } failure) failure.Throw();
    }

    void IThreadPoolWorkItem.Execute()
    {
        int worker = TakeWorker();
        for (int spins = 0; spins < LingerSpins; spins++)
        {
            if (TryItem(worker)) spins = 0;
            else Thread.SpinWait(8);
        }

        Interlocked.And(ref _busyWorkers, ~(1UL << worker));
        Interlocked.Decrement(ref _helpers);
    }

    private bool TryItem(int worker)
    {
        long state = Volatile.Read(ref _state);
        while (true)
        {
            long item = state & IndexMask;
            if (item >= ((state >>> IndexBits) & IndexMask)) return false;
            long seen = Interlocked.CompareExchange(ref _state, state + 1, state);
            if (seen != state)
            {
                state = seen;
                continue;
            }

            try
            {
                _work!((int)item, worker);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
            }

            Interlocked.Increment(ref _done);
            return true;
        }
    }

    // Helpers are at most Threads - 1, so one of the numbers from 1 on is always free.
    private int TakeWorker()
    {
        while (true)
        {
            ulong busy = Volatile.Read(ref _busyWorkers);
            int worker = 1 + BitOperations.TrailingZeroCount(~(busy >> 1));
            if (Interlocked.CompareExchange(ref _busyWorkers, busy | (1UL << worker), busy) == busy) return worker;
        }
    }
}
