using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// Which blocks the store has of one memory, by hour. A commit appends one blob to each hour that got something, and replaces the blobs of at most one
/// hour by a single one: so a commit never rewrites a window, however long the engine was away.
/// </summary>
internal sealed class HourBlocks(int partition, SeenKind kind)
{
    /// <summary>A closed hour that late events gave more blobs than this is replaced again.</summary>
    private const int MostBlobs = 64;

    private readonly Dictionary<int, int> _stored = [];
    private readonly SortedSet<int> _rewrites = [];
    private readonly HashSet<int> _dropped = [];

    public bool HasWork => _rewrites.Count > 0 || _dropped.Count > 0;

    /// <summary>A block that the store gave back.</summary>
    public void Know(int hour) => _stored[hour] = _stored.GetValueOrDefault(hour) + 1;

    /// <summary>The hours in [from, before) are over: what was appended to each becomes one blob.</summary>
    public void Close(int from, int before)
    {
        foreach ((int hour, int blobs) in _stored)
            if (hour >= from && hour < before && blobs > 1) _rewrites.Add(hour);
    }

    /// <summary>The hour is forgotten.</summary>
    public void Drop(int hour)
    {
        if (_stored.Remove(hour)) _dropped.Add(hour);
        _rewrites.Remove(hour);
    }

    /// <summary>Hours that the store has, the oldest first.</summary>
    public int[] Stored() => [.. _stored.Keys.Order()];

    /// <summary>What the next commit must store; it counts as stored from here on.</summary>
    /// <param name="closedBefore">Hours before this one are over.</param>
    public void Take(IHourContent content, SeenChanges changes, int closedBefore)
    {
        int rewriting = _rewrites.Count > 0 ? _rewrites.Min : IdentityMemory.NotSeen;
        if (rewriting != IdentityMemory.NotSeen)
        {
            _rewrites.Remove(rewriting);
            _stored.Remove(rewriting);
            if (content.Whole(rewriting) is { } whole)
            {
                changes.Replaced.Add(new SeenBlock(partition, kind, rewriting, whole));
                _stored[rewriting] = 1;
            }
            else
            {
                changes.Dropped.Add(new SeenKey(partition, kind, rewriting));
            }
        }

        foreach (int hour in content.PendingHours.Order())
        {
            // The blob that replaces an hour has what is pending in it.
            if (hour == rewriting) continue;
            // A clock that went back may put something into an hour that was forgotten: what the store still has of it must not come back.
            (_dropped.Remove(hour) ? changes.Replaced : changes.Appended).Add(new SeenBlock(partition, kind, hour, content.Delta(hour)));
            int blobs = _stored[hour] = _stored.GetValueOrDefault(hour) + 1;
            if (blobs > MostBlobs && hour < closedBefore) _rewrites.Add(hour);
        }

        foreach (int hour in _dropped.Order()) changes.Dropped.Add(new SeenKey(partition, kind, hour));
        _dropped.Clear();
    }
}
