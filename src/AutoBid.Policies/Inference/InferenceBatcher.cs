using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference;

/// <summary>
/// Work-conserving dynamic batching over the slots of one model: an idle slot runs at once what is there, without waiting for more (max_queue_delay 0);
/// while all slots run, requests gather, and the next run takes as many as fit. Interactive requests go before bulk ones and share no run with them.
/// Every request ends exactly once: answered, late, failed, lost with its device, or refused at the door because the queue is full.
/// </summary>
internal sealed partial class InferenceBatcher : IDisposable
{
    /// <summary>Longest run on the CPU: inference must not hold a core against the bid path for longer.</summary>
    private const double ChunkMs = 5;

    /// <summary>Rows of a chunk without a deadline, on the CPU: few, because most such calls have few campaigns and more rows at once are hardly cheaper each.</summary>
    private const int DeterministicCpuRows = 8;

    private const int DeterministicAcceleratorRows = 512;

    /// <summary>A caller that looks holds a core: not longer than this, and never more callers than half the cores.</summary>
    private const double LongestLookMs = 4;

    private static readonly int MostLooking = Math.Max(1, Environment.ProcessorCount / 2);

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

    private int _looking;

    // A copy of the queue's rows, for those who look without the lock.
    private volatile int _waitingRows;

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

    public int IndexOfOutput(string name) => Outputs.IndexOf(name);

    /// <summary>A request for so many rows, their contents whatever they were.</summary>
    public InferenceRequest Rent(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, _buckets[^1]);
        InferenceRequest? request;
        lock (_free) _free.TryPop(out request);
        request ??= new InferenceRequest(Inputs, Outputs, Provider == "cpu" ? null : _slots[0].Session.Pin, _options.DirectRows);
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
                _waitingRows = _queue.Rows;
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

        bool wantsToLook = borrowed is null && _options.Spin > TimeSpan.Zero;
        TimeSpan look = wantsToLook && Interlocked.Increment(ref _looking) <= MostLooking ? LookFor(request.Rows) : default;
        InferenceOutcome outcome = request.Wait(_clock, look, out bool wasRunning);
        if (wantsToLook) Interlocked.Decrement(ref _looking);
        if (outcome == InferenceOutcome.Late) return Missed(wasRunning ? "run" : "queue");
        return outcome == InferenceOutcome.Answered && _clock.GetTimestamp() > request.Deadline ? Missed("run") : outcome;
    }

    /// <summary>(device label, bucket, bytes) of every slot, for the gauge.</summary>
    internal IEnumerable<(string Model, int Device, string Bucket, long Bytes)> Memory()
        => from slot in _slots
           where slot.Accelerator is not null
           from i in Enumerable.Range(0, Math.Min(_buckets.Length, slot.Session.MemoryBytes.Count))
           select (_model, slot.Accelerator!.Index, _bucketNames[i], slot.Session.MemoryBytes[i]);

    /// <summary>At least the option, else somewhat longer than the run is expected to take: waking up costs as much as a run of a thousand rows.</summary>
    private TimeSpan LookFor(int rows)
        => TimeSpan.FromMilliseconds(Math.Clamp(1.5 * _runs.Expected(rows), _options.Spin.TotalMilliseconds, Math.Max(LongestLookMs, _options.Spin.TotalMilliseconds)));

    private InferenceOutcome Missed(string stage)
    {
        _metrics.Missed(_model, stage);
        return InferenceOutcome.Late;
    }
}
