using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference;

/// <summary>
/// A session and the right to run it: one run at a time. A slot on an accelerator has a thread of its own, which opens, runs and closes the session
/// (captured graphs are kept per thread) and copies in and out, so that the copies of one slot overlap the runs of another. A slot on the CPU lends
/// its session to a caller who finds it idle, and gets a thread only once somebody has to wait.
/// </summary>
/// <param name="accelerator">Null: the CPU.</param>
/// <param name="index">Of the slot in its batcher.</param>
internal sealed class InferenceSlot(Accelerator? accelerator, int index)
{
    public Accelerator? Accelerator { get; } = accelerator;

    public int Index { get; } = index;

    public IInferenceSession Session { get; set; } = null!;

    /// <summary>What the run in flight answers. Touched by the thread that has the slot.</summary>
    public List<RequestQueue.Entry> Batch { get; } = [];

    /// <summary>Where the rows of the run in flight lie; what it reads stays pinned until the next. Touched by the thread that has the slot.</summary>
    public List<RowSource> Sources { get; } = [];

    // From here on guarded by the batcher's lock.
    public Thread? Worker { get; set; }

    /// <summary>Somebody runs it: its worker, or a caller who borrowed it.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Its device is lost: whoever is inside does not matter any more, and nothing is given back.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Timestamp of the run in flight; 0: none.</summary>
    public long RunningSince { get; set; }

    public bool LendsToCallers => Accelerator is null;
}
