using System.Runtime.CompilerServices;
using AutoBid.Engine.Events;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// The sealed hours of one UTC day of event time: a sorted array an hour behind one filter for the day, so that a question about a new identity reads
/// one cache line for 24 hours.
/// </summary>
internal sealed class SealedDay(int firstHour)
{
    public const int Hours = 24;

    private readonly EventIdentity[]?[] _hours = new EventIdentity[]?[Hours];
    private BlockedBloom _filter = new(0);
    private bool _stale;

    public int FirstHour => firstHour;

    public int Count
    {
        get
        {
            int count = 0;
            foreach (EventIdentity[]? segment in _hours) count += segment?.Length ?? 0;
            return count;
        }
    }

    /// <summary>Bytes of the filter.</summary>
    public long FilterBytes => _filter.Bytes;

    /// <summary>Sorted identities of an hour; empty: none.</summary>
    public EventIdentity[] this[int hour] => _hours[hour - firstHour] ?? [];

    /// <summary>Replaces an hour by sorted identities; none: the hour is forgotten. Follow with <see cref="Refresh"/> before the next question.</summary>
    public void Set(int hour, EventIdentity[] sorted)
    {
        _hours[hour - firstHour] = sorted.Length == 0 ? null : sorted;
        // A filter that covers forgotten identities too only costs a look.
        _stale |= sorted.Length > 0;
    }

    /// <summary>Builds the filter anew when an hour was replaced.</summary>
    public void Refresh()
    {
        if (!_stale) return;
        _filter = new BlockedBloom(Count);
        foreach (EventIdentity[]? segment in _hours)
            foreach (EventIdentity identity in segment ?? [])
                _filter.Add(identity);
        _stale = false;
    }

    public bool MayContain(EventIdentity identity) => _filter.MayContain(identity);

    /// <summary>The latest hour that has the identity; <see cref="IdentityMemory.NotSeen"/>: none.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int LatestHourOf(EventIdentity identity)
    {
        for (int i = Hours - 1; i >= 0; i--)
            if (_hours[i] is { } segment && Contains(segment, identity)) return firstHour + i;
        return IdentityMemory.NotSeen;
    }

    private static bool Contains(EventIdentity[] sorted, EventIdentity identity)
    {
        // SHA-256 is uniform: the place is near its share of the range. Strides double from there, so that identities of a pattern cost a binary search.
        int guess = (int)Math.BigMul(identity.High, (ulong)sorted.Length, out _);
        int low, high;
        int stride = 8;
        if (sorted[guess] <= identity)
        {
            for (low = guess, high = guess + stride; high < sorted.Length && sorted[high] <= identity; high += stride *= 2) low = high;
            high = Math.Min(high, sorted.Length);
        }
        else
        {
            for (high = guess, low = guess - stride; low >= 0 && sorted[low] > identity; low -= stride *= 2) high = low;
            low = Math.Max(low, 0);
        }

        return sorted.AsSpan(low, high - low).BinarySearch(identity) >= 0;
    }
}
