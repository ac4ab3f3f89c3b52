using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// The identities of one partition by hour of event time. Four young hours (two back, the running one, one ahead) are hash sets; older hours are sealed
/// into sorted arrays behind a filter for each day; what comes for a sealed hour, or from a clock that is far ahead, waits in a small set of its own.
/// <para>Rule: an identity is found whatever time a copy of it bears, and is kept until the window after the latest time that any copy bore. The
/// outcome is the set of (identity, latest hour), which no order of arrival and no moment of sealing can change. Where a copy moves an identity to a
/// later hour, the earlier hour keeps its entry until it goes.</para>
/// </summary>
internal sealed class IdentityMemory : IHourContent
{
    public const int NotSeen = -1;

    /// <summary>Hours behind the running one that are still hash sets.</summary>
    public const int YoungHours = 2;

    private const int Slots = 4;
    private const int LateBeforeMerge = 1 << 16;

    private readonly IdentitySet?[] _young = new IdentitySet?[Slots];
    private readonly SortedDictionary<int, SealedDay> _days = [];
    private readonly Dictionary<int, List<EventIdentity>> _pending = [];
    private readonly HourBlocks _blocks;

    // By identity: the latest hour that a copy bore among those that found no young hour.
    private Dictionary<EventIdentity, int> _late = [];
    private long _lateLimit = LateBeforeMerge;
    private Dictionary<int, List<EventIdentity>> _loading = [];

    // The latest day first: that is where late events mostly belong.
    private SealedDay[] _sealed = [];
    private int _now;

    public IdentityMemory(int partition, int nowHour)
    {
        _now = nowHour;
        _blocks = new HourBlocks(partition, SeenKind.Ids);
    }

    public int PendingCount { get; private set; }

    public bool HasPending => _pending.Count > 0 || _blocks.HasWork;

    /// <summary>Entries held. An identity whose copies bore times of several hours may count once for each.</summary>
    public long Count => _young.Sum(set => (long)(set?.Count ?? 0)) + _sealed.Sum(day => (long)day.Count) + _late.Count;

    /// <summary>Questions answered by a sealed segment being read, and how many of those found nothing: the filters' false positives.</summary>
    public long SegmentReads { get; private set; }

    public long FalsePositives { get; private set; }

    public long YoungCount => _young.Sum(set => (long)(set?.Count ?? 0));

    public long YoungBytes => _young.Sum(set => set?.Bytes ?? 0);

    public long SealedCount => _sealed.Sum(day => (long)day.Count);

    public long FilterBytes => _sealed.Sum(day => day.FilterBytes);

    IReadOnlyCollection<int> IHourContent.PendingHours => _pending.Keys;

    public bool Contains(EventIdentity identity) => LatestHourOf(identity) != NotSeen;

    /// <summary>True the first time; false for a duplicate.</summary>
    public bool TryAdd(EventIdentity identity, int hour)
    {
        // Copies mostly bear the same time: the own hour answers for them.
        IdentitySet? home = IsYoung(hour) ? _young[hour & (Slots - 1)] : null;
        if (home is not null && home.Contains(identity)) return false;
        int known = LatestHourOf(identity);
        if (known >= hour) return false;
        Put(identity, hour);
        if (_late.Count > _lateLimit) MergeLate();
        if (!_pending.TryGetValue(hour, out List<EventIdentity>? pending)) _pending.Add(hour, pending = []);
        pending.Add(identity);
        PendingCount++;
        return known == NotSeen;
    }

    /// <summary>Moves on: seals hours that are no longer young and takes late identities into their hours. Never goes back.</summary>
    public void Advance(int nowHour)
    {
        if (nowHour <= _now) return;
        int before = _now;
        _now = nowHour;
        for (int hour = before - YoungHours; hour <= before + 1; hour++)
        {
            ref IdentitySet? set = ref _young[hour & (Slots - 1)];
            if (set is null || IsYoung(hour)) continue;
            Merge(hour, set.ToArray());
            set = null;
        }

        _blocks.Close(before - YoungHours, nowHour - YoungHours);
        MergeLate();
    }

    /// <summary>Forgets the hours before one.</summary>
    public void Expire(int firstKept)
    {
        for (int hour = _now - YoungHours; hour < firstKept && hour <= _now + 1; hour++) _young[hour & (Slots - 1)] = null;
        foreach (SealedDay day in _sealed)
            for (int hour = day.FirstHour; hour < firstKept && hour < day.FirstHour + SealedDay.Hours; hour++)
                if (day[hour].Length > 0) day.Set(hour, []);
        foreach ((EventIdentity identity, int hour) in _late)
            if (hour < firstKept) _late.Remove(identity);
        foreach (int hour in _pending.Keys.Where(hour => hour < firstKept).ToArray()) _pending.Remove(hour);
        foreach (int hour in _blocks.Stored().TakeWhile(hour => hour < firstKept)) _blocks.Drop(hour);
        foreach (SealedDay day in _sealed)
            if (day.Count == 0) _days.Remove(day.FirstHour);
        // A filter may go on to cover forgotten identities: it only costs a look. It shrinks when the day's next hour is sealed, or goes with the day.
        _sealed = [.. _days.Values.Reverse()];
    }

    /// <summary>Takes in a block that the store gave back. Follow the last one with <see cref="Loaded"/>.</summary>
    public void Load(SeenBlock block, int hour)
    {
        _blocks.Know(hour);
        EventIdentity[] identities = SeenBlob.ReadIdentities(block);
        if (hour < _now - YoungHours)
        {
            if (!_loading.TryGetValue(hour, out List<EventIdentity>? list)) _loading.Add(hour, list = []);
            list.AddRange(identities);
            return;
        }

        foreach (EventIdentity identity in identities) Put(identity, hour);
    }

    public void Loaded()
    {
        foreach ((int hour, List<EventIdentity> list) in _loading) Merge(hour, [.. list]);
        _loading = [];
        MergeLate();
        _blocks.Close(0, _now - YoungHours);
    }

    public void Take(SeenChanges changes)
    {
        _blocks.Take(this, changes, _now - YoungHours);
        _pending.Clear();
        PendingCount = 0;
    }

    /// <summary>Every identity once, with its latest hour, ordered.</summary>
    public (EventIdentity Identity, int Hour)[] Ordered()
    {
        var all = new List<(EventIdentity Identity, int Hour)>();
        for (int hour = _now - YoungHours; hour <= _now + 1; hour++)
            foreach (EventIdentity identity in _young[hour & (Slots - 1)]?.ToArray() ?? []) all.Add((identity, hour));
        foreach (SealedDay day in _sealed)
            for (int hour = day.FirstHour; hour < day.FirstHour + SealedDay.Hours; hour++)
                foreach (EventIdentity identity in day[hour]) all.Add((identity, hour));
        foreach ((EventIdentity identity, int hour) in _late) all.Add((identity, hour));
        all.Sort(static (a, b) => a.Identity != b.Identity ? a.Identity.CompareTo(b.Identity) : b.Hour.CompareTo(a.Hour));
        return [.. all.Where((one, i) => i == 0 || all[i - 1].Identity != one.Identity)];
    }

    byte[] IHourContent.Delta(int hour) => SeenBlob.OfIdentities(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending[hour]));

    byte[]? IHourContent.Whole(int hour)
    {
        // Late ones that wait for their hour are stored under it already: the blob in its place must have them too.
        if (_late.ContainsValue(hour)) MergeLate();
        return _days.TryGetValue(DayOf(hour), out SealedDay? day) && day[hour] is { Length: > 0 } sorted ? SeenBlob.OfIdentities(sorted) : null;
    }

    private static int DayOf(int hour) => hour / SealedDay.Hours * SealedDay.Hours;

    private bool IsYoung(int hour) => hour >= _now - YoungHours && hour <= _now + 1;

    private void Put(EventIdentity identity, int hour)
    {
        if (IsYoung(hour)) (_young[hour & (Slots - 1)] ??= new IdentitySet()).TryAdd(identity);
        else if (!_late.TryGetValue(identity, out int other) || other < hour) _late[identity] = hour;
    }

    private int LatestHourOf(EventIdentity identity)
    {
        int latest = _late.Count > 0 && _late.TryGetValue(identity, out int late) ? late : NotSeen;
        for (int hour = _now + 1; hour >= _now - YoungHours && hour > latest; hour--)
            if (_young[hour & (Slots - 1)] is { } set && set.Contains(identity)) return hour;
        foreach (SealedDay day in _sealed)
        {
            if (!day.MayContain(identity)) continue;
            SegmentReads++;
            int found = day.LatestHourOf(identity);
            if (found != NotSeen) return Math.Max(found, latest);
            FalsePositives++;
        }

        return latest;
    }

    private void MergeLate()
    {
        var kept = new Dictionary<EventIdentity, int>();
        var byHour = new Dictionary<int, List<EventIdentity>>();
        foreach ((EventIdentity identity, int hour) in _late)
        {
            if (hour > _now + 1) kept.Add(identity, hour);
            else if (IsYoung(hour)) Put(identity, hour);
            else if (byHour.TryGetValue(hour, out List<EventIdentity>? list)) list.Add(identity);
            else byHour.Add(hour, [identity]);
        }

        foreach ((int hour, List<EventIdentity> list) in byHour) Merge(hour, [.. list]);
        _late = kept;
        foreach (SealedDay day in _days.Values) day.Refresh();
        _sealed = [.. _days.Values.Reverse()];
        _lateLimit = kept.Count + Math.Max(LateBeforeMerge, SealedCount / 8);
    }

    private void Merge(int hour, EventIdentity[] more)
    {
        if (!_days.TryGetValue(DayOf(hour), out SealedDay? day)) _days.Add(DayOf(hour), day = new SealedDay(DayOf(hour)));
        Array.Sort(more);
        EventIdentity[] known = day[hour];
        var merged = new EventIdentity[known.Length + more.Length];
        int n = 0, k = 0;
        foreach (EventIdentity identity in more)
        {
            while (k < known.Length && known[k] < identity) merged[n++] = known[k++];
            if (k < known.Length && known[k] == identity) k++;
            if (n == 0 || merged[n - 1] != identity) merged[n++] = identity;
        }

        while (k < known.Length) merged[n++] = known[k++];
        day.Set(hour, n == merged.Length ? merged : merged[..n]);
    }
}
