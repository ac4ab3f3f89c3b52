using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference;

/// <summary>
/// Work-conserving dynamic batching over the slots of one model: an idle slot runs at once what is there, without waiting for more (max_queue_delay 0);
/// while all slots run, requests gather, and the next run takes as many as fit. Interactive requests go before bulk ones and share no run with them.
/// Every request ends exactly once: answered, late, failed, lost with its device, or refused at the door because the queue is full.
/// </summary>
internal sealed class InferenceBatcher : IDisposable
{
    /// <summary>Longest run on the CPU: inference must not hold a core against the bid path for longer.</summary>
    private const double ChunkMs = 5;

    /// <summary>Rows of a chunk without a deadline, on the CPU: few, because most such calls have few campaigns and more rows at once are hardly cheaper each.</summary>
    private const int DeterministicCpuRows = 8;

    private const int DeterministicAcceleratorRows = 512;

    private readonly string _model;
    private readonly BatcherOptions _options;
    private readonly TimeProvider _clock;
    private readonly InferenceMetrics _metrics;
    private readonly InferenceSlot[] _slots;
    private readonly int[] _buckets;
    private readonly string[] _bucketNames;
    private readonly BucketTimes _runs;
    private readonly RequestQueue _queue;
    private readonly Stack<InferenceRequest> _free = new();

    // Guards the queue, what a slot says is guarded, and the fields below. Nothing is run or waited for under it but itself.
    private readonly object _gate = new();
    private ITimer? _watch;
    private long _lastAsked;
    private bool _isRetired, _isClosed;

    private InferenceBatcher(string model, InferenceSlot[] slots, BatcherOptions options, TimeProvider clock, InferenceMetrics metrics)
    {
        _model = model;
        _slots = slots;
        _options = options;
        _clock = clock;
        _metrics = metrics;
        IInferenceSession first = slots[0].Session;
        Provider = first.Provider;
        Inputs = first.Inputs;
        Outputs = first.Outputs;
        _buckets = first.Batches.ToArray();
        _bucketNames = [.. _buckets.Select(b => b.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        _runs = new BucketTimes(_buckets, ChunkMs);
        Chunks = new BucketTimes(_buckets, ChunkMs);
        int fixedRows = Provider == "cpu" ? DeterministicCpuRows : DeterministicAcceleratorRows;
        DeterministicBucket = Math.Max(0, Array.FindLastIndex(_buckets, b => b <= fixedRows));
        _queue = new RequestQueue(options.MaxQueueRows);
    }

    public string Provider { get; }

    public IReadOnlyList<SessionTensor> Inputs { get; }

    public IReadOnlyList<SessionTensor> Outputs { get; }

    public ReadOnlySpan<int> Buckets => _buckets;

    /// <summary>What a chunk costs its caller, making its rows included; callers measure and choose.</summary>
    public BucketTimes Chunks { get; }

    /// <summary>Index of the bucket of chunks without a deadline: fixed, so that an answer does not depend on who else is asked.</summary>
    public int DeterministicBucket { get; }

    /// <summary>False once every device under it is lost.</summary>
    public bool IsAlive
    {
        get
        {
            lock (_gate) return IsAliveLocked;
        }
    }

    /// <summary>Rows that wait.</summary>
    internal int QueuedRows
    {
        get
        {
            lock (_gate) return _queue.Rows;
        }
    }

    private bool IsAliveLocked => !_isClosed && Array.Exists(_slots, static slot => !slot.IsAbandoned);

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

    public int IndexOfOutput(string name)
    {
        for (int i = 0; i < Outputs.Count; i++)
        {
            if (Outputs[i].Name == name) return i;
        }

        return -1;
    }

    /// <summary>A request for so many rows, their contents whatever they were.</summary>
    public InferenceRequest Rent(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, _buckets[^1]);
        InferenceRequest? request;
        lock (_free) _free.TryPop(out request);
        request ??= new InferenceRequest(Inputs, Outputs);
        request.Reserve(rows);
        return request;
    }

    public void Return(InferenceRequest request)
    {
        lock (_free) _free.Push(request);
    }

    /// <summary>Hands the request over and waits for its end.</summary>
    public InferenceOutcome Run(InferenceRequest request)
    {
        long now = _clock.GetTimestamp();
        if (now > request.Deadline) return Missed("queue");
        InferenceSlot? borrowed = null;
        lock (_gate)
        {
            _lastAsked = now;
            if (!IsAliveLocked) return InferenceOutcome.Lost;
            var entry = new RequestQueue.Entry(request, request.Submit(now), request.Rows, request.Bucket);
            borrowed = _queue.IsEmpty ? Array.Find(_slots, static slot => slot is { LendsToCallers: true, IsBusy: false }) : null;
            if (borrowed is not null)
            {
                borrowed.Batch.Add(entry);
                borrowed.IsBusy = true;
            }
            else if (_queue.TryEnqueue(entry))
            {
                EnsureWorkers();
                Monitor.PulseAll(_gate);
            }
            else
            {
                _metrics.Missed(_model, "queue-full");
                return InferenceOutcome.QueueFull;
            }
        }

        if (borrowed is not null)
        {
            Run(borrowed);
            Release(borrowed);
        }

        InferenceOutcome outcome = request.Wait(_clock, borrowed is null ? _options.Spin : default, out bool wasRunning);
        if (outcome == InferenceOutcome.Late) return Missed(wasRunning ? "run" : "queue");
        return outcome == InferenceOutcome.Answered && _clock.GetTimestamp() > request.Deadline ? Missed("run") : outcome;
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

    /// <summary>(device label, bucket, bytes) of every slot, for the gauge.</summary>
    internal IEnumerable<(string Model, int Device, string Bucket, long Bytes)> Memory()
        => from slot in _slots
           where slot.Accelerator is not null
           from i in Enumerable.Range(0, Math.Min(_buckets.Length, slot.Session.MemoryBytes.Count))
           select (_model, slot.Accelerator!.Index, _bucketNames[i], slot.Session.MemoryBytes[i]);

    private static InferenceException Gone(string why) => new(why, InferenceFault.DeviceLost);

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

    private InferenceOutcome Missed(string stage)
    {
        _metrics.Missed(_model, stage);
        return InferenceOutcome.Late;
    }

    private void EnsureWorkers()
    {
        foreach (InferenceSlot slot in _slots)
        {
            if (slot.Worker is not null) continue;
            slot.Worker = new Thread(() => Work(slot)) { IsBackground = true, Name = $"autobid-inference-{_model}-{slot.Index}" };
            slot.Worker.Start();
        }
    }

    private void Work(InferenceSlot slot)
    {
        while (true)
        {
            lock (_gate)
            {
                while (!slot.IsAbandoned && (slot.IsBusy || _queue.IsEmpty))
                {
                    if (_isClosed && !slot.IsBusy) break;
                    Monitor.Wait(_gate);
                }

                // The session of a lost device is left as it is: closing it could hang like the run did.
                if (slot.IsAbandoned) return;
                if (_isClosed) break;
                int limit = Provider == "cpu" ? _buckets[_runs.Choose(_buckets[^1])] : _buckets[^1];
                _queue.Take(slot.Batch, limit, _clock.GetTimestamp());
                slot.IsBusy = slot.Batch.Count > 0;
            }

            if (slot.Batch.Count == 0) continue;
            Run(slot);
            Release(slot);
        }

        slot.Session.Dispose();
    }

    private void Release(InferenceSlot slot)
    {
        bool close;
        lock (_gate)
        {
            slot.IsBusy = false;
            slot.Batch.Clear();
            close = _isClosed && slot.Worker is null;
            if (!_queue.IsEmpty) EnsureWorkers();
            Monitor.PulseAll(_gate);
        }

        if (close) slot.Session.Dispose();
    }

    /// <summary>One run: copy in, zero what is over, run, copy out. Ends every request of the slot's batch, unless the slot was abandoned meanwhile.</summary>
    private void Run(InferenceSlot slot)
    {
        int rows = 0, bucket = 0;
        List<RequestQueue.Entry> batch = slot.Batch;
        for (int i = 0; i < batch.Count; i++)
        {
            // A ticket of 0 marks one whose caller has gone.
            if (batch[i].Request.TryStart(batch[i].Ticket, slot.Session, rows)) rows += batch[i].Rows;
            else batch[i] = batch[i] with { Ticket = 0 };
            bucket = Math.Max(bucket, batch[i].Bucket);
        }

        if (rows == 0) return;
        int index = 0;
        while (_buckets[index] < Math.Max(rows, bucket)) index++;
        ZeroRest(slot.Session, rows, _buckets[index]);
        long started = _clock.GetTimestamp();
        lock (_gate) slot.RunningSince = started;
        try
        {
            slot.Session.Run(_buckets[index]);
        }
        catch (Exception error)
        {
            Fail(slot, error as InferenceException ?? new InferenceException(error.Message, InferenceFault.Model, error));
            return;
        }
        finally
        {
            lock (_gate) slot.RunningSince = 0;
        }

        long ended = _clock.GetTimestamp();
        TimeSpan took = _clock.GetElapsedTime(started, ended);
        _runs.Measure(index, took.TotalMilliseconds);
        int first = 0;
        foreach (RequestQueue.Entry entry in batch)
        {
            if (entry.Ticket == 0) continue;
            // Counted before it ends: afterwards its caller may hand it over again.
            _metrics.Waited(_model, entry.Request.Class, _clock.GetElapsedTime(entry.Request.Enqueued, started));
            entry.Request.Answer(entry.Ticket, slot.Session, first);
            first += entry.Rows;
        }

        _metrics.Ran(_model, Provider, _bucketNames[index], rows, took);
    }

    private static void ZeroRest(IInferenceSession session, int rows, int bucket)
    {
        for (int i = 0; i < session.Inputs.Count; i++)
        {
            int width = session.Inputs[i].RowLength;
            if (session.Inputs[i].Dtype == "int64") session.Longs(i)[(rows * width)..(bucket * width)].Clear();
            else session.Floats(i)[(rows * width)..(bucket * width)].Clear();
        }
    }

    private void Fail(InferenceSlot slot, InferenceException error)
    {
        _metrics.Failed(_model, error.Fault);
        if (error.Fault == InferenceFault.DeviceLost && slot.Accelerator is { } accelerator) accelerator.Lose(error.Message);
        foreach (RequestQueue.Entry entry in slot.Batch) entry.Request.Fail(entry.Ticket, error);
    }

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
            Monitor.PulseAll(_gate);
        }

        InferenceException error = Gone(accelerator.LostBecause ?? "the device is lost");
        foreach (RequestQueue.Entry entry in waiting) entry.Request.Fail(entry.Ticket, error);
    }
}
