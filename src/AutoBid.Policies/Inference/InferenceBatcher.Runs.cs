using System.Runtime.InteropServices;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference;

/// <summary>What the thread of a slot does, or a caller in its place.</summary>
internal sealed partial class InferenceBatcher
{
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
            if (!slot.LendsToCallers) Spin();
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
                _waitingRows = _queue.Rows;
                slot.IsBusy = slot.Batch.Count > 0;
            }

            if (slot.Batch.Count == 0) continue;
            Run(slot);
            Release(slot);
        }

        slot.Session.Dispose();
    }

    /// <summary>The next request often comes at once; waking takes longer than answering it.</summary>
    private void Spin()
    {
        if (_options.Spin <= TimeSpan.Zero) return;
        long started = _clock.GetTimestamp();
        while (_waitingRows == 0 && _clock.GetElapsedTime(started) < _options.Spin) Thread.SpinWait(20);
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

    /// <summary>One run: small requests are copied together, large ones read where they lie. Ends every request of the slot's batch, unless the slot was abandoned meanwhile.</summary>
    private void Run(InferenceSlot slot)
    {
        int rows = 0, bucket = 0;
        List<RequestQueue.Entry> batch = slot.Batch;
        slot.Sources.Clear();
        for (int i = 0; i < batch.Count; i++)
        {
            RequestQueue.Entry entry = batch[i];
            bucket = Math.Max(bucket, entry.Bucket);
            PinnedRows? pinned = entry.Rows >= _options.DirectRows ? entry.Request.Pinned : null;
            if (!entry.Request.TryStart(entry.Ticket, slot.Session, rows, pinned is not null))
            {
                // A ticket of 0 marks one whose caller has gone.
                batch[i] = entry with { Ticket = 0 };
                continue;
            }

            rows += entry.Rows;
            if (pinned is null && slot.Sources is [.., { Pinned: null } last]) slot.Sources[^1] = last with { Rows = last.Rows + entry.Rows };
            else slot.Sources.Add(new RowSource(entry.Rows, pinned));
        }

        if (rows == 0) return;
        int index = 0;
        while (_buckets[index] < Math.Max(rows, bucket)) index++;
        long started = _clock.GetTimestamp();
        bool isLost;
        lock (_gate)
        {
            // Lost by another slot since this one took its batch: a run that is begun now would be watched by nobody.
            isLost = slot.IsAbandoned;
            if (!isLost) slot.RunningSince = started;
        }

        if (isLost)
        {
            foreach (RequestQueue.Entry entry in batch) entry.Request.Fail(entry.Ticket, Gone(slot.Accelerator!.LostBecause!));
            return;
        }

        try
        {
            slot.Session.Run(CollectionsMarshal.AsSpan(slot.Sources), _buckets[index]);
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

    private void Fail(InferenceSlot slot, InferenceException error)
    {
        _metrics.Failed(_model, error.Fault);
        if (error.Fault == InferenceFault.DeviceLost && slot.Accelerator is { } accelerator) accelerator.Lose(error.Message);
        foreach (RequestQueue.Entry entry in slot.Batch) entry.Request.Fail(entry.Ticket, error);
    }
}
