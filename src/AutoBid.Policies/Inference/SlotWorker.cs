using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference;

/// <summary>The thread of a slot on an accelerator, from opening its session to closing it.</summary>
internal sealed class SlotWorker
{
    private readonly object _gate = new();
    private IInferenceSession? _session;
    private Exception? _error;
    private Action? _work;
    private bool _isCancelled;

    /// <summary>Starts the thread, which opens and checks the session.</summary>
    public SlotWorker(string name, Func<IInferenceSession> open, Action<IInferenceSession>? check)
    {
        Thread = new Thread(() => Live(open, check)) { IsBackground = true, Name = name };
        Thread.Start();
    }

    public Thread Thread { get; }

    /// <exception cref="Exception">What opening or checking threw; the session is closed then.</exception>
    public IInferenceSession WaitUntilOpen()
    {
        lock (_gate)
        {
            while (_session is null && _error is null) Monitor.Wait(_gate);
            if (_error is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_error);
            return _session!;
        }
    }

    /// <summary>Lets the thread do its work; the work closes the session.</summary>
    public void Start(Action work)
    {
        lock (_gate)
        {
            _work = work;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Closes the session instead.</summary>
    public void Cancel()
    {
        lock (_gate)
        {
            _isCancelled = true;
            Monitor.PulseAll(_gate);
        }
    }

    private void Live(Func<IInferenceSession> open, Action<IInferenceSession>? check)
    {
        IInferenceSession? opened = null;
        try
        {
            opened = open();
            check?.Invoke(opened);
        }
        catch (Exception error)
        {
            opened?.Dispose();
            lock (_gate)
            {
                _error = error;
                Monitor.PulseAll(_gate);
            }

            return;
        }

        lock (_gate)
        {
            _session = opened;
            Monitor.PulseAll(_gate);
            while (_work is null && !_isCancelled) Monitor.Wait(_gate);
        }

        if (_work is not null) _work();
        else opened.Dispose();
    }
}
