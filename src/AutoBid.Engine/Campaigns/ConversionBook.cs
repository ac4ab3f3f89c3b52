using AutoBid.Engine.Events;

namespace AutoBid.Engine.Campaigns;

/// <summary>The conversions of one campaign by their id: what a retraction takes back and a restatement replaces.</summary>
public sealed class ConversionBook
{
    private readonly Dictionary<EventIdentity, Entry> _entries = [];

    public int Count => _entries.Count;

    /// <summary>
    /// Applies a conversion event. The highest revision counts, and of one revision a retraction before a restatement before the conversion itself:
    /// so the outcome does not depend on the order of arrival.
    /// </summary>
    /// <param name="key">Identity of source and conversion id, without kind and revision.</param>
    /// <param name="conversions">Change of the count: -1, 0 or 1.</param>
    /// <param name="valueMicros">Change of the value.</param>
    /// <returns>False when a newer one was applied before.</returns>
    public bool TryApply(EventIdentity key, EventKind kind, long revision, long newValueMicros, long timeTicks, out int conversions, out long valueMicros)
    {
        conversions = 0;
        valueMicros = 0;
        bool known = _entries.TryGetValue(key, out Entry old);
        if (known && (revision < old.Revision || (revision == old.Revision && Rank(kind) <= Rank(old.Kind)))) return false;
        bool counts = kind != EventKind.Retract;
        long value = counts ? newValueMicros : 0;
        conversions = (counts ? 1 : 0) - (known && old.Kind != EventKind.Retract ? 1 : 0);
        valueMicros = value - (known ? old.ValueMicros : 0);
        _entries[key] = new Entry(revision, value, kind, timeTicks);
        return true;
    }

    /// <summary>Forgets conversions older than <paramref name="beforeTicks"/>: they can no longer be restated.</summary>
    public void Prune(long beforeTicks)
    {
        foreach ((EventIdentity key, Entry entry) in _entries)
            if (entry.TimeTicks < beforeTicks) _entries.Remove(key);
    }

    internal void Write(BinaryWriter writer)
    {
        writer.Write(_entries.Count);
        foreach ((EventIdentity key, Entry entry) in _entries.OrderBy(pair => pair.Key))
        {
            writer.Write(key.High);
            writer.Write(key.Low);
            writer.Write(entry.Revision);
            writer.Write(entry.ValueMicros);
            writer.Write((byte)entry.Kind);
            writer.Write(entry.TimeTicks);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote behind its count.</summary>
    internal void Read(BinaryReader reader, int count)
    {
        _entries.Clear();
        for (int i = 0; i < count; i++)
        {
            var key = new EventIdentity(reader.ReadUInt64(), reader.ReadUInt64());
            _entries[key] = new Entry(reader.ReadInt64(), reader.ReadInt64(), (EventKind)reader.ReadByte(), reader.ReadInt64());
        }
    }

    private static int Rank(EventKind kind) => kind switch
    {
        EventKind.Retract => 2,
        EventKind.Restate => 1,
        _ => 0,
    };

    private readonly record struct Entry(long Revision, long ValueMicros, EventKind Kind, long TimeTicks);
}
