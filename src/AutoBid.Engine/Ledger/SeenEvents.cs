using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// Identities that were applied. They expire on event time, so that a replay forgets exactly what the first run forgot, in whatever order they came.
/// Owned by the loop's thread.
/// </summary>
public sealed class SeenEvents
{
    private readonly Dictionary<EventIdentity, long> _expiry = [];
    private readonly PriorityQueue<EventIdentity, long> _byExpiry = new();

    public int Count => _expiry.Count;

    public bool Contains(EventIdentity identity) => _expiry.ContainsKey(identity);

    /// <summary>True the first time; false for a duplicate.</summary>
    public bool TryAdd(EventIdentity identity, long expiresTicks)
    {
        if (!_expiry.TryAdd(identity, expiresTicks)) return false;
        _byExpiry.Enqueue(identity, expiresTicks);
        return true;
    }

    /// <summary>Forgets what expired up to <paramref name="nowTicks"/>.</summary>
    public void Prune(long nowTicks)
    {
        while (_byExpiry.TryPeek(out EventIdentity oldest, out long expires) && expires <= nowTicks)
        {
            _byExpiry.Dequeue();
            _expiry.Remove(oldest);
        }
    }

    public void Clear()
    {
        _expiry.Clear();
        _byExpiry.Clear();
    }

    /// <summary>All identities with their expiry, ordered: input of the state hash.</summary>
    public IEnumerable<SeenEvent> Ordered()
        => _expiry.OrderBy(pair => pair.Key).Select(pair => new SeenEvent(pair.Key, pair.Value));
}
