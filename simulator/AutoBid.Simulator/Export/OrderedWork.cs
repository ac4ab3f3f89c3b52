using System.Runtime.ExceptionServices;

namespace AutoBid.Simulator.Export;

/// <summary>
/// Computes numbered items on several threads and hands them over one by one, in order, on the caller's thread. At most two items a thread are under
/// way or waiting, so memory is bounded however long an item takes to be handed over. Numbers start in order, so a failure is thrown at its own number.
/// </summary>
internal sealed class OrderedWork<TItem>
{
    private readonly object _gate = new();
    private readonly Dictionary<int, (TItem? Item, ExceptionDispatchInfo? Failure)> _ready = [];
    private readonly int _count;
    private readonly int _window;
    private int _next;
    private int _taken;
    private bool _stopped;

    private OrderedWork(int count, int threads)
    {
        _count = count;
        _window = 2 * threads;
    }

    /// <param name="count">Items 0 to count - 1.</param>
    /// <param name="threads">With 1 everything happens on the caller's thread.</param>
    /// <param name="worker">Makes the function that computes items on one thread, with whatever it reuses.</param>
    /// <param name="take">Gets every item in order.</param>
    public static void Run(int count, int threads, Func<Func<int, TItem>> worker, Action<int, TItem> take, CancellationToken cancel)
    {
        threads = Math.Min(threads, count);
        if (threads > 1)
        {
            new OrderedWork<TItem>(count, threads).RunOn(threads, worker, take, cancel);
            return;
        }

        Func<int, TItem>? compute = null;
        for (int i = 0; i < count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            take(i, (compute ??= worker())(i));
        }
    }

    private void RunOn(int threads, Func<Func<int, TItem>> worker, Action<int, TItem> take, CancellationToken cancel)
    {
        var workers = new Thread[threads];
        for (int i = 0; i < threads; i++) workers[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"period {i}" };
        foreach (Thread thread in workers) thread.Start();
        try
        {
            using CancellationTokenRegistration registration = cancel.UnsafeRegister(state => ((OrderedWork<TItem>)state!).Wake(), this);
            for (int i = 0; i < _count; i++) take(i, Await(i, cancel));
            cancel.ThrowIfCancellationRequested();
        }
        finally
        {
            lock (_gate)
            {
                _stopped = true;
                Monitor.PulseAll(_gate);
            }

            // Items under way are finished first: nothing of this call goes on after it.
            foreach (Thread thread in workers) thread.Join();
        }
    }

    private void Work(Func<Func<int, TItem>> worker)
    {
        Func<int, TItem>? compute = null;
        while (Start() is var i and >= 0)
        {
            (TItem?, ExceptionDispatchInfo?) outcome;
            try
            {
                outcome = ((compute ??= worker())(i), null);
            }
            catch (Exception e)
            {
                outcome = (default, ExceptionDispatchInfo.Capture(e));
            }

            lock (_gate)
            {
                _ready[i] = outcome;
                Monitor.PulseAll(_gate);
            }
        }
    }

    // The next number, once there is room for it; -1: none is left.
    private int Start()
    {
        lock (_gate)
        {
            while (!_stopped && _next < _count && _next - _taken >= _window) Monitor.Wait(_gate);
            return _stopped || _next == _count ? -1 : _next++;
        }
    }

    private TItem Await(int i, CancellationToken cancel)
    {
        lock (_gate)
        {
            // Room for the next one is made only when the one before has been handed over.
            _taken = i;
            Monitor.PulseAll(_gate);
            (TItem? Item, ExceptionDispatchInfo? Failure) outcome;
            cancel.ThrowIfCancellationRequested();
            while (!_ready.Remove(i, out outcome))
            {
                Monitor.Wait(_gate);
                cancel.ThrowIfCancellationRequested();
            }

            outcome.Failure?.Throw();
            return outcome.Item!;
        }
    }

    private void Wake()
    {
        lock (_gate) Monitor.PulseAll(_gate);
    }
}
