using System.Diagnostics;
using System.Threading.Channels;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Embedded;

/// <summary>
/// One thread makes the appends of all callers durable. What arrives while one fsync runs shares the next: an append waits for at most the running
/// commit and its own, and never for a timer.
/// </summary>
internal sealed class GroupCommit : IAsyncDisposable
{
    private const int MaxBatchBytes = 8 << 20;
    private const int MaxBatchAppends = 4096;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(1);

    private readonly SegmentStore _store;
    private readonly ILogger _logger;
    private readonly Action _committed;
    private readonly Channel<AppendBuffer> _queue;
    private readonly List<AppendBuffer> _batch = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _available = true;

    /// <param name="capacity">Appends in the queue; when it is full, callers wait and are counted.</param>
    /// <param name="committed">Called by the writer's thread after each commit.</param>
    public GroupCommit(SegmentStore store, int capacity, ILogger logger, Action committed)
    {
        (_store, _logger, _committed) = (store, logger, committed);
        _queue = Channel.CreateBounded<AppendBuffer>(new BoundedChannelOptions(capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        new Thread(Run) { IsBackground = true, Name = "event log writer" }.Start();
    }

    public bool IsAvailable => _available;

    /// <summary>
    /// Takes over the buffer and completes when its records are durable. Cancelling ends the wait for room or for the answer;
    /// an append already queued may then still become durable.
    /// </summary>
    public async ValueTask AppendAsync(AppendBuffer append, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        if (!_queue.Writer.TryWrite(append))
        {
            StreamingMetrics.AppendWaits.Add(1);
            try
            {
                await _queue.Writer.WriteAsync(append, cancellation);
            }
            catch (Exception e)
            {
                append.Release();
                if (e is ChannelClosedException) throw new EventLogUnavailableException("the event log is closed", e);
                throw;
            }
        }

        await append.Durable.Task.WaitAsync(cancellation);
        StreamingMetrics.AppendSeconds.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>Commits what is queued, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _ended.Task;
    }

    private void Run()
    {
        Task<bool>? more = null;
        while (true)
        {
            more ??= _queue.Reader.WaitToReadAsync().AsTask();
            if (_available || more.Wait(ProbeInterval))
            {
                bool open = more.GetAwaiter().GetResult();
                more = null;
                if (!open) break;
                Gather();
            }
            else
            {
                // Nobody appends to a log that readiness reports as down: it has to find out by itself that the disk takes data again.
                var probe = new AppendBuffer();
                probe.BeginRecord(default(ReadOnlySpan<byte>));
                probe.EndRecord(TopicIds.Probe, partition: 0);
                probe.Durable.Task.ContinueWith(static task => task.Exception, TaskScheduler.Default);
                _batch.Add(probe);
            }

            Commit();
        }

        _ended.SetResult();
    }

    private void Gather()
    {
        int bytes = 0;
        while (bytes < MaxBatchBytes && _batch.Count < MaxBatchAppends && _queue.Reader.TryRead(out AppendBuffer? append))
        {
            _batch.Add(append);
            bytes += append.Length;
        }
    }

    private void Commit()
    {
        try
        {
            int records = _store.Commit(_batch);
            StreamingMetrics.CommitRecords.Record(records);
            StreamingMetrics.Appended.Add(records);
            if (!_available) _logger.LogInformation("the event log takes appends again");
            _available = true;
            foreach (AppendBuffer append in _batch) append.Durable.SetResult();
            _committed();
        }
        catch (Exception e)
        {
            if (_available) _logger.LogError(e, "the event log cannot make appends durable: {Reason}", e.Message);
            _available = false;
            StreamingMetrics.AppendFailures.Add(_batch.Count);
            foreach (AppendBuffer append in _batch)
                append.Durable.TrySetException(new EventLogUnavailableException($"the event log cannot be written: {e.Message}", e));
        }

        foreach (AppendBuffer append in _batch) append.Release();
        _batch.Clear();
    }
}
