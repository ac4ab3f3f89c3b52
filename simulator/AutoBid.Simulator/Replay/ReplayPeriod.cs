using AutoBid.Core.Time;

namespace AutoBid.Simulator.Replay;

/// <summary>
/// The keys of one period and what of them is ready. A step is decided for all keys that have it in one batch, as soon as no key can still get rows of it;
/// keys that come later (a log ordered by advertiser) make batches of their own.
/// </summary>
internal sealed class ReplayPeriod
{
    private readonly int[] _open = new int[StepClock.StepsPerDay];
    private readonly List<ReplayKey>[] _ready = [.. Enumerable.Range(0, StepClock.StepsPerDay).Select(_ => new List<ReplayKey>())];

    public Dictionary<int, ReplayKey> Keys { get; } = [];

    /// <summary>Whether any key may still get rows.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>A key's step opens for rows.</summary>
    public void Opened(int step)
    {
        _open[step]++;
        IsOpen = true;
    }

    /// <summary>A key's open step is complete.</summary>
    public void Completed(int step) => _open[step]--;

    /// <summary>Adds a complete step to a key's queue.</summary>
    public void Enqueue(ReplayKey key, StepRows rows)
    {
        key.Ready.Enqueue(rows);
        if (key.Ready.Count == 1) _ready[rows.Step].Add(key);
    }

    /// <summary>No key gets more rows until one opens again.</summary>
    public void Close() => IsOpen = false;

    /// <summary>The keys, by advertiser, that play the lowest ready step next; empty when there is none or it waits for rows.</summary>
    /// <param name="waits">False: do not wait for keys that are still at this step or before.</param>
    public ReplayKey[] Next(bool waits)
    {
        for (int step = 0, open = 0; step < _ready.Length; step++)
        {
            open += _open[step];
            if (_ready[step].Count == 0) continue;
            if (waits && open > 0) return [];
            ReplayKey[] batch = [.. _ready[step].OrderBy(key => key.Advertiser)];
            _ready[step].Clear();
            return batch;
        }

        return [];
    }

    /// <summary>Takes a played step from a key's queue.</summary>
    public StepRows Played(ReplayKey key)
    {
        StepRows rows = key.Ready.Dequeue();
        if (key.Ready.TryPeek(out StepRows? next)) _ready[next.Step].Add(key);
        return rows;
    }
}
