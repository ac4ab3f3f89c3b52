using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// Identities that were applied. They expire on event time, so that a replay forgets exactly what the first run forgot. Owned by the loop's thread.
/// </summary>
public sealed class SeenEvents
{
    private readonly Dictionary<EventIdentity, long> _expiry = [];
    private readonly Queue<SeenEvent> _inOrder = new();

    public int Count => _expiry.Count;

    /// <summary>True the first time; false for a duplicate.</summary>
    public bool TryAdd(EventIdentity identity, long expiresTicks)
    {
        if (!_expiry.TryAdd(identity, expiresTicks)) return false;
        _inOrder.Enqueue(new SeenEvent(identity, expiresTicks));
        return true;
    }

    /// <summary>Forgets what expired before <paramref name="nowTicks"/>. Identities leave in the order in which they came.</summary>
    public void Prune(long nowTicks)
    {
        while (_inOrder.TryPeek(out SeenEvent oldest) && oldest.ExpiresTicks <= nowTicks)
        {
            _inOrder.Dequeue();
            _expiry.Remove(oldest.Identity);
        }
    }

    /// <summary>All identities with their expiry, ordered: input of the state hash.</summary>
    public IEnumerable<SeenEvent> Ordered()
        => _expiry.OrderBy(pair => pair.Key).Select(pair => new SeenEvent(pair.Key, pair.Value));
}
