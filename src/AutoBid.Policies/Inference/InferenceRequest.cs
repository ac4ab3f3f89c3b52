using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference;

/// <summary>
/// Rows that want an answer, with room for it; rented from a batcher, filled, run, read, returned. While it is queued or running only the batcher
/// touches it; when its deadline passes it goes back to its caller at once, and a run that still has it finds a new ticket and leaves it alone.
/// </summary>
public sealed class InferenceRequest
{
    private readonly IReadOnlyList<SessionTensor> _inputs, _outputs;
    private readonly Func<object, nint, long, object?>? _pin;
    private readonly int _directRows;
    private readonly RowBuffer<float>?[] _floats;
    private readonly RowBuffer<long>?[] _longs;
    private readonly float[][] _answers;
    private readonly object _gate = new();
    private volatile RequestState _state;
    private int _ticket;
    private int _capacity;

    /// <param name="pin">Lets a device read memory where it lies (<see cref="IInferenceSession.Pin"/>); null: none does.</param>
    /// <param name="directRows">Rows from which on that is asked for.</param>
    internal InferenceRequest(IReadOnlyList<SessionTensor> inputs, IReadOnlyList<SessionTensor> outputs, Func<object, nint, long, object?>? pin = null, int directRows = int.MaxValue)
    {
        _pin = pin;
        _directRows = directRows;
        _inputs = inputs;
        _outputs = outputs;
        _floats = new RowBuffer<float>?[inputs.Count];
        _longs = new RowBuffer<long>?[inputs.Count];
        _answers = new float[outputs.Count][];
        Reserve(1);
    }

    private enum RequestState : byte
    {
        Owned,
        Queued,
        Running,
        Answered,
        Late,
        Lost,
        Failed,
    }

    public int Rows { get; private set; }

    public RequestClass Class { get; set; }

    /// <summary>Timestamp of the batcher's clock; <see cref="long.MaxValue"/>: none.</summary>
    public long Deadline { get; set; } = long.MaxValue;

    /// <summary>Runs alone, in exactly this bucket; 0: in whatever bucket, with others.</summary>
    public int Bucket { get; set; }

    /// <summary>Why it failed; null unless it did.</summary>
    public InferenceException? Error { get; private set; }

    internal long Enqueued { get; set; }

    /// <summary>Its rows where a device may read them; null: it may not.</summary>
    internal PinnedRows? Pinned { get; private set; }

    internal bool IsRunning => _state == RequestState.Running;

    internal bool IsWaiting => _state is RequestState.Queued or RequestState.Running;

    /// <summary>Rows of a float32 input: rows x row length.</summary>
    public Span<float> Floats(int input) => _floats[input]!.Rows(Rows * _inputs[input].RowLength);

    /// <summary>Rows of an int64 input: rows x row length.</summary>
    public Span<long> Longs(int input) => _longs[input]!.Rows(Rows * _inputs[input].RowLength);

    /// <summary>Answers, once it is answered: rows x row length.</summary>
    public ReadOnlySpan<float> Output(int output) => _answers[output].AsSpan(0, Rows * _outputs[output].RowLength);

    internal void Reserve(int rows)
    {
        Rows = rows;
        if (rows <= _capacity) return;
        _capacity = rows;
        bool pinned = _pin is not null && rows >= _directRows;
        for (int i = 0; i < _inputs.Count; i++)
        {
            if (_inputs[i].Dtype == "int64") _longs[i] = new RowBuffer<long>(rows * _inputs[i].RowLength, pinned);
            else _floats[i] = new RowBuffer<float>(rows * _inputs[i].RowLength, pinned);
        }

        if (pinned) Pinned = PinnedRows.TryMake([.. _inputs.Select((_, i) => (RowBuffer?)_longs[i] ?? _floats[i]!)], _pin!);
        for (int i = 0; i < _outputs.Count; i++) _answers[i] = new float[rows * _outputs[i].RowLength];
    }

    /// <summary>The caller hands it over; the ticket names this one hand-over.</summary>
    internal int Submit(long now)
    {
        lock (_gate)
        {
            _state = RequestState.Queued;
            Enqueued = now;
            Error = null;
            return ++_ticket;
        }
    }

    internal bool IsQueued(int ticket)
    {
        lock (_gate) return _ticket == ticket && _state == RequestState.Queued;
    }

    /// <summary>Marks it as running, and unless it is read where it lies copies its rows into the session from row <paramref name="first"/> on; false when its caller no longer waits.</summary>
    internal bool TryStart(int ticket, IInferenceSession session, int first, bool direct)
    {
        lock (_gate)
        {
            if (_ticket != ticket || _state != RequestState.Queued) return false;
            // Read where it lies, it may be written by a caller who has left while the run still reads: what that run answers is void then.
            for (int i = 0; !direct && i < _inputs.Count; i++)
            {
                int width = _inputs[i].RowLength;
                if (_longs[i] is { } longs) longs.Rows(Rows * width).CopyTo(session.Longs(i)[(first * width)..]);
                else _floats[i]!.Rows(Rows * width).CopyTo(session.Floats(i)[(first * width)..]);
            }

            _state = RequestState.Running;
            return true;
        }
    }

    internal void Answer(int ticket, IInferenceSession session, int first)
    {
        lock (_gate)
        {
            if (_ticket != ticket || _state != RequestState.Running) return;
            for (int i = 0; i < _outputs.Count; i++)
            {
                int width = _outputs[i].RowLength;
                session.Output(i).Slice(first * width, Rows * width).CopyTo(_answers[i]);
            }

            End(RequestState.Answered);
        }
    }

    /// <summary>Ends it unanswered, if this hand-over still waits.</summary>
    internal void Fail(int ticket, InferenceException error)
    {
        lock (_gate)
        {
            if (_ticket != ticket || !IsWaiting) return;
            Error = error;
            End(error.Fault == InferenceFault.DeviceLost ? RequestState.Lost : RequestState.Failed);
        }
    }

    /// <summary>Ends it as late, if it still waits in the queue and its deadline has passed.</summary>
    internal bool Expire(int ticket, long now)
    {
        lock (_gate)
        {
            if (_ticket != ticket || _state != RequestState.Queued) return true;
            if (now <= Deadline) return false;
            End(RequestState.Late);
            return true;
        }
    }

    /// <summary>Waits until it has ended or its deadline has passed.</summary>
    /// <param name="wasRunning">True when it was late during its run, not in the queue.</param>
    internal InferenceOutcome Wait(TimeProvider clock, TimeSpan spin, out bool wasRunning)
    {
        wasRunning = false;
        Spin(clock, spin);
        lock (_gate)
        {
            while (IsWaiting)
            {
                if (Deadline == long.MaxValue)
                {
                    Monitor.Wait(_gate);
                    continue;
                }

                long now = clock.GetTimestamp();
                if (now > Deadline)
                {
                    wasRunning = _state == RequestState.Running;
                    End(RequestState.Late);
                    break;
                }

                // The clock may be one that its owner moves: nobody sleeps long without looking at it again.
                double left = (Deadline - now + 1) * 1000.0 / clock.TimestampFrequency;
                Monitor.Wait(_gate, (int)Math.Clamp(Math.Ceiling(left), 1, 10));
            }

            return _state switch
            {
                RequestState.Answered => InferenceOutcome.Answered,
                RequestState.Late => InferenceOutcome.Late,
                RequestState.Lost => InferenceOutcome.Lost,
                _ => InferenceOutcome.Failed,
            };
        }
    }

    private void Spin(TimeProvider clock, TimeSpan spin)
    {
        if (spin <= TimeSpan.Zero) return;
        long started = clock.GetTimestamp();
        while (IsWaiting && clock.GetElapsedTime(started) < spin) Thread.SpinWait(20);
    }

    private void End(RequestState state)
    {
        _state = state;
        Monitor.PulseAll(_gate);
    }
}
