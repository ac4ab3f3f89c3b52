using System.Numerics;
using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// Identities in one array, 16 bytes each, open addressing with linear probing; doubles before three quarters are full. No removal: an hour goes as a whole.
/// </summary>
internal sealed class IdentitySet
{
    private const int SmallestLog = 6;

    private EventIdentity[] _slots = [];
    private int _shift = 64;
    private int _used;

    // All zeros marks a free slot, so the identity that is all zeros lives beside the array.
    private bool _hasZero;

    public int Count => _used + (_hasZero ? 1 : 0);

    /// <summary>Bytes of the array.</summary>
    public long Bytes => 16L * _slots.Length;

    public bool Contains(EventIdentity identity)
    {
        if (identity == default) return _hasZero;
        return _used > 0 && _slots[Find(identity)] != default;
    }

    /// <summary>True when it was not in the set.</summary>
    public bool TryAdd(EventIdentity identity)
    {
        if (identity == default) return !_hasZero && (_hasZero = true);
        if (4L * (_used + 1) > 3L * _slots.Length) Grow();
        ref EventIdentity slot = ref _slots[Find(identity)];
        if (slot != default) return false;
        slot = identity;
        _used++;
        return true;
    }

    /// <summary>Everything in it, in no order.</summary>
    public EventIdentity[] ToArray()
    {
        var all = new EventIdentity[Count];
        int n = 0;
        if (_hasZero) all[n++] = default;
        foreach (EventIdentity identity in _slots)
            if (identity != default) all[n++] = identity;
        return all;
    }

    // Three quarters at most are used, so a probe always ends at a free slot.
    private int Find(EventIdentity identity)
    {
        EventIdentity[] slots = _slots;
        int mask = slots.Length - 1;
        int at = (int)((identity.Low * 0x9E3779B97F4A7C15) >> _shift);
        while (slots[at] != default && slots[at] != identity) at = (at + 1) & mask;
        return at;
    }

    private void Grow()
    {
        EventIdentity[] old = _slots;
        int log = old.Length == 0 ? SmallestLog : BitOperations.Log2((uint)old.Length) + 1;
        _slots = new EventIdentity[1 << log];
        _shift = 64 - log;
        foreach (EventIdentity identity in old)
            if (identity != default) _slots[Find(identity)] = identity;
    }
}
