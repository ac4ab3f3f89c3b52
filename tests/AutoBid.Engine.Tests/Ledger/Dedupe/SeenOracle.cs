using System.Security.Cryptography;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger.Dedupe;

namespace AutoBid.Engine.Tests.Ledger.Dedupe;

/// <summary>
/// What a dedupe memory must do, as plainly as it can be said: a set of everything seen with the latest hour of any copy; own bids share the hour of the
/// 512 numbers around them.
/// </summary>
internal sealed class SeenOracle(TimeSpan window)
{
    private readonly Dictionary<object, (EngineEvent Event, long Hour)> _seen = [];
    private readonly Dictionary<object, long> _pageHours = [];

    public IEnumerable<int> Partitions => _seen.Values.Select(one => one.Event.Partition).Distinct();

    public static bool IsOwnBid(in EngineEvent e)
        => e is { Lease: > 0, Seq: >= 0 and < 1L << 32, Kind: EventKind.Bill or EventKind.Win or EventKind.Loss or EventKind.Opportunity };

    public bool TryAdd(EngineEvent e)
    {
        object key = KeyOf(e);
        long hour = e.TimeTicks / TimeSpan.TicksPerHour;
        bool known = _seen.TryGetValue(key, out var old);
        _seen[key] = (e, known ? Math.Max(old.Hour, hour) : hour);
        if (IsOwnBid(e)) _pageHours[PageOf(e)] = Math.Max(hour, _pageHours.GetValueOrDefault(PageOf(e)));
        return !known;
    }

    public void Prune(long nowTicks)
    {
        foreach ((object key, var one) in _seen)
            if ((HourOf(one) + 1) * TimeSpan.TicksPerHour + window.Ticks <= nowTicks) _seen.Remove(key);
        HashSet<object> kept = [.. _seen.Values.Where(one => IsOwnBid(one.Event)).Select(one => PageOf(one.Event))];
        foreach ((object page, _) in _pageHours)
            if (!kept.Contains(page)) _pageHours.Remove(page);
    }

    public void Drop(int partition)
    {
        foreach ((object key, var one) in _seen)
            if (one.Event.Partition == partition) _seen.Remove(key);
        Prune(0);
    }

    public SeenOracle Copy(Func<int, bool>? partitions = null)
    {
        var copy = new SeenOracle(window);
        copy.TakeFrom(this, partitions ?? (_ => true));
        return copy;
    }

    public void TakeFrom(SeenOracle other, Func<int, bool> partitions)
    {
        foreach ((object key, var one) in other._seen)
        {
            if (!partitions(one.Event.Partition)) continue;
            _seen[key] = one;
            if (IsOwnBid(one.Event)) _pageHours[PageOf(one.Event)] = other._pageHours[PageOf(one.Event)];
        }
    }

    /// <summary>The hash that a memory with exactly this content has.</summary>
    public string Hash(long nowTicks)
    {
        var memory = new SeenMemory(window);
        foreach (var one in _seen.Values) memory.TryAdd(one.Event with { TimeTicks = HourOf(one) * TimeSpan.TicksPerHour }, nowTicks);
        return HashOf(memory);
    }

    public static string HashOf(SeenMemory memory)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        memory.AppendTo(hash);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static object KeyOf(in EngineEvent e) => IsOwnBid(e) ? (e.Partition, e.TenantId, e.Lease, e.Kind, e.Seq) : (e.Partition, e.Identity);

    private static object PageOf(in EngineEvent e) => (e.Partition, e.TenantId, e.Lease, e.Kind, e.Seq / 512);

    private long HourOf((EngineEvent Event, long Hour) one) => IsOwnBid(one.Event) ? _pageHours[PageOf(one.Event)] : one.Hour;
}
