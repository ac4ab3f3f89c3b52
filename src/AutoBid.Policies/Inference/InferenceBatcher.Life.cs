using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference;

/// <summary>From opening the slots to closing them, and what a lost device does to those who wait.</summary>
internal sealed partial class InferenceBatcher
{
    /// <summary>Opens a slot per entry, one after the other, each checked before the next is opened. Closes all of them when one cannot be.</summary>
    /// <param name="accelerators">One slot each; null: a slot on the CPU.</param>
    /// <param name="check">Runs on the thread that owns the session; throws when it must not serve.</param>
    /// <exception cref="Exception">Whatever opening or checking threw.</exception>
    public static InferenceBatcher Open(
        string model, IReadOnlyList<Accelerator?> accelerators, Func<Accelerator?, IInferenceSession> open, Action<IInferenceSession>? check,
        BatcherOptions options, TimeProvider clock, InferenceMetrics metrics)
    {
        var slots = new List<InferenceSlot>();
        var workers = new List<SlotWorker>();
        try
        {
            foreach (Accelerator? accelerator in accelerators)
            {
                var slot = new InferenceSlot(accelerator, slots.Count);
                if (accelerator is null)
                {
                    slot.Session = open(null);
                    slots.Add(slot);
                    check?.Invoke(slot.Session);
                    continue;
                }

                var worker = new SlotWorker($"autobid-inference-{model}-{slot.Index}", () => open(accelerator), check);
                slot.Session = worker.WaitUntilOpen();
                slot.Worker = worker.Thread;
                slots.Add(slot);
                workers.Add(worker);
            }
        }
        catch
        {
            foreach (SlotWorker worker in workers) worker.Cancel();
            foreach (InferenceSlot slot in slots.Where(slot => slot.LendsToCallers)) slot.Session.Dispose();
            throw;
        }

        var batcher = new InferenceBatcher(model, [.. slots], options, clock, metrics);
        foreach ((SlotWorker worker, InferenceSlot slot) in workers.Zip(slots)) worker.Start(() => batcher.Work(slot));
        batcher.Begin();
        return batcher;
    }

    /// <summary>Declares the device of a run lost that has lasted too long. Called by a timer; by tests, which own the clock, directly.</summary>
    public void CheckRuns()
    {
        List<Accelerator> stuck = [];
        bool close;
        lock (_gate)
        {
            long now = _clock.GetTimestamp();
            foreach (InferenceSlot slot in _slots)
            {
                if (slot is { Accelerator: not null, RunningSince: > 0, IsAbandoned: false } && _clock.GetElapsedTime(slot.RunningSince, now) >= _options.StuckAfter) stuck.Add(slot.Accelerator);
            }

            close = _isRetired && !_isClosed && _queue.IsEmpty && !Array.Exists(_slots, static slot => slot is { IsBusy: true, IsAbandoned: false })
                && _clock.GetElapsedTime(_lastAsked, now) >= _options.RetireAfter;
        }

        foreach (Accelerator accelerator in stuck) accelerator.Lose($"a run of {_model} did not come back within {_options.StuckAfter.TotalSeconds:0.#} s");
        if (close) Dispose();
    }

    /// <summary>Another version serves now: closes when the calls that still hold this one are long over.</summary>
    public void Retire()
    {
        lock (_gate)
        {
            if (_isRetired || _isClosed) return;
            _isRetired = true;
            _lastAsked = _clock.GetTimestamp();
            _watch ??= StartWatch();
        }
    }

    /// <summary>Ends what waits as lost, and closes each session once its run has ended. A run in flight still answers.</summary>
    public void Dispose()
    {
        List<RequestQueue.Entry> waiting = [];
        List<IInferenceSession> idle = [];
        lock (_gate)
        {
            if (_isClosed) return;
            _isClosed = true;
            _queue.TakeAll(waiting);
            // A slot with a worker, or with a caller inside, closes when they leave it.
            foreach (InferenceSlot slot in _slots)
            {
                if (slot is { Worker: null, IsBusy: false }) idle.Add(slot.Session);
            }

            Monitor.PulseAll(_gate);
        }

        _watch?.Dispose();
        foreach (InferenceSlot slot in _slots) slot.Accelerator?.Forget(Abandon);
        _metrics.Remove(this);
        foreach (RequestQueue.Entry entry in waiting) entry.Request.Fail(entry.Ticket, Gone("its model was replaced"));
        foreach (IInferenceSession session in idle) session.Dispose();
    }

    /// <summary>
    /// After <see cref="Dispose"/>: returns once the threads of its slots have closed their sessions. A process that ends while one of them still gives
    /// a GPU's memory back crashes in the driver. Does not wait for a lost device, nor for a run longer than one may take.
    /// </summary>
    public void WaitUntilClosed()
    {
        foreach (InferenceSlot slot in _slots)
        {
            Thread? worker;
            lock (_gate) worker = slot.IsAbandoned ? null : slot.Worker;
            if (worker is not null && worker != Thread.CurrentThread) worker.Join(_options.StuckAfter);
        }
    }

    private void Begin()
    {
        foreach (InferenceSlot slot in _slots) slot.Accelerator?.Watch(Abandon);
        _metrics.Add(this);
        lock (_gate)
        {
            if (_slots.Any(slot => slot.Accelerator is not null)) _watch ??= StartWatch();
        }
    }

    private ITimer StartWatch() => _clock.CreateTimer(static state => ((InferenceBatcher)state!).CheckRuns(), this, _options.StuckAfter / 8, _options.StuckAfter / 8);

    private static InferenceException Gone(string why) => new(why, InferenceFault.DeviceLost);

    /// <summary>
    /// The device is gone: its slots run nothing any more, and whoever waited there is told so at once and can ask another. Their runs may come back
    /// one day; by then every ticket that they hold is void.
    /// </summary>
    private void Abandon(Accelerator accelerator)
    {
        List<RequestQueue.Entry> waiting = [];
        lock (_gate)
        {
            foreach (InferenceSlot slot in _slots)
            {
                if (slot.Accelerator != accelerator || slot.IsAbandoned) continue;
                slot.IsAbandoned = true;
                // A copy: the thread inside may still read its own list.
                if (slot.RunningSince > 0) waiting.AddRange(slot.Batch);
            }

            if (!IsAliveLocked) _queue.TakeAll(waiting);
            _waitingRows = _queue.Rows;
            Monitor.PulseAll(_gate);
        }

        InferenceException error = Gone(accelerator.LostBecause ?? "the device is lost");
        foreach (RequestQueue.Entry entry in waiting) entry.Request.Fail(entry.Ticket, error);
    }
}
