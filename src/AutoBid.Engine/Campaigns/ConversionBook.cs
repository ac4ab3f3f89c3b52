using System.Runtime.InteropServices;
using AutoBid.Engine.Conversions;
using AutoBid.Engine.Events;

namespace AutoBid.Engine.Campaigns;

/// <summary>
/// Conversions by campaign and id: what a retraction takes back and a restatement replaces. One hash table of 72-byte entries in flat chunks, chained by
/// bucket and by campaign; a campaign without conversions costs 4 bytes. Owned by the loop's thread.
/// </summary>
public sealed class ConversionBook
{
    private const int Shards = 256;
    private const int FewestBuckets = 16;

    private readonly ChunkedArray<Entry> _entries = new();

    // Positions are stored plus one: 0 is none, which is what new arrays hold.
    private readonly ChunkedArray<int> _heads = new();

    // Sharded so that growing rehashes a 256th of the entries at a time.
    private readonly int[][] _buckets = new int[Shards][];
    private readonly int[] _counts = new int[Shards];
    private int _used;
    private int _free;

    public ConversionBook()
    {
        for (int s = 0; s < Shards; s++) _buckets[s] = [];
    }

    /// <summary>Conversions remembered, of all campaigns.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Applies a conversion event. The highest revision counts, and of one revision a retraction before a restatement before the conversion itself.
    /// Click and arrival are the earliest that any of its events names, retractions apart: so the outcome does not depend on the order of arrival.
    /// </summary>
    /// <param name="key">Identity of source and conversion id, without kind and revision.</param>
    /// <param name="e">Kind, revision, value, time and click time count.</param>
    /// <param name="clickDay">Day (yyyymmdd) of the event's click, of its own time where it names no click.</param>
    /// <returns>False when a newer one was applied before, and the event said nothing else that is new.</returns>
    public bool TryApply(int campaign, EventIdentity key, in EngineEvent e, int clickDay, out ConversionChange change)
    {
        int at = Find(campaign, key);
        bool isNew = at == 0;
        if (isNew) at = Add(campaign, key);
        ref Entry entry = ref _entries[at - 1];
        ConversionMark before = isNew ? default : entry.Mark();
        bool isNewer = isNew || e.Count > entry.Revision || (e.Count == entry.Revision && Rank(e.Kind) > Rank(entry.Kind));
        bool says = isNewer;
        if (isNewer)
        {
            entry.Revision = e.Count;
            entry.Kind = e.Kind;
            entry.ValueMicros = e.Kind == EventKind.Retract ? 0 : e.ValueMicros;
            entry.TimeTicks = e.TimeTicks;
        }

        if (e.Kind != EventKind.Retract) says |= entry.Learn(e.OriginTicks, e.TimeTicks, clickDay);
        change = new ConversionChange(before, entry.Mark());
        return says;
    }

    /// <summary>Forgets a campaign's conversions older than <paramref name="beforeTicks"/>: they can no longer be restated.</summary>
    public void Prune(int campaign, long beforeTicks)
    {
        if (campaign >= _heads.Capacity) return;
        ref int link = ref _heads[campaign];
        while (link != 0)
        {
            int at = link;
            ref Entry entry = ref _entries[at - 1];
            if (entry.TimeTicks >= beforeTicks)
            {
                link = ref entry.NextOfCampaign;
                continue;
            }

            link = entry.NextOfCampaign;
            Unlink(at, entry);
            entry = new Entry { NextInBucket = _free };
            _free = at;
            Count--;
        }
    }

    /// <summary>Conversions remembered of a campaign.</summary>
    public int CountOf(int campaign)
    {
        int count = 0;
        for (int at = Head(campaign); at != 0; at = _entries[at - 1].NextOfCampaign) count++;
        return count;
    }

    internal void Write(int campaign, BinaryWriter writer)
    {
        var positions = new List<int>();
        for (int at = Head(campaign); at != 0; at = _entries[at - 1].NextOfCampaign) positions.Add(at);
        // A snapshot must not tell in what order conversions came.
        positions.Sort((a, b) => _entries[a - 1].Key.CompareTo(_entries[b - 1].Key));
        writer.Write(positions.Count);
        foreach (int at in positions)
        {
            ref Entry entry = ref _entries[at - 1];
            writer.Write(entry.Key.High);
            writer.Write(entry.Key.Low);
            writer.Write(entry.Revision);
            writer.Write(entry.ValueMicros);
            writer.Write((byte)entry.Kind);
            writer.Write(entry.TimeTicks);
            writer.Write(entry.ClickDay);
            writer.Write(entry.ClickSeconds);
            writer.Write(entry.ArrivalSeconds);
        }
    }

    internal void Read(int campaign, BinaryReader reader)
    {
        Prune(campaign, long.MaxValue);
        int count = reader.ReadInt32();
        for (int i = 0; i < count; i++)
        {
            int at = Add(campaign, new EventIdentity(reader.ReadUInt64(), reader.ReadUInt64()));
            ref Entry entry = ref _entries[at - 1];
            entry.Revision = reader.ReadInt64();
            entry.ValueMicros = reader.ReadInt64();
            entry.Kind = (EventKind)reader.ReadByte();
            entry.TimeTicks = reader.ReadInt64();
            entry.ClickDay = reader.ReadInt32();
            entry.ClickSeconds = reader.ReadUInt32();
            entry.ArrivalSeconds = reader.ReadUInt32();
        }
    }

    private static int Rank(EventKind kind) => kind switch
    {
        EventKind.Retract => 2,
        EventKind.Restate => 1,
        _ => 0,
    };

    private static uint Hash(int campaign, EventIdentity key) => (uint)key.Low ^ (uint)(key.Low >> 32) ^ (uint)campaign * 0x9E3779B1;

    private int Head(int campaign) => campaign < _heads.Capacity ? _heads[campaign] : 0;

    private int Find(int campaign, EventIdentity key)
    {
        uint hash = Hash(campaign, key);
        int[] buckets = _buckets[hash % Shards];
        if (buckets.Length == 0) return 0;
        int at = buckets[(hash / Shards) & (uint)(buckets.Length - 1)];
        while (at != 0 && !(_entries[at - 1].Campaign == campaign && _entries[at - 1].Key == key)) at = _entries[at - 1].NextInBucket;
        return at;
    }

    private int Add(int campaign, EventIdentity key)
    {
        int at = _free;
        if (at != 0)
        {
            _free = _entries[at - 1].NextInBucket;
        }
        else
        {
            at = ++_used;
            _entries.EnsureCapacity(at);
        }

        _heads.EnsureCapacity(campaign + 1);
        ref int head = ref _heads[campaign];
        _entries[at - 1] = new Entry { Key = key, Campaign = campaign, NextOfCampaign = head };
        head = at;
        uint shard = Hash(campaign, key) % Shards;
        if (++_counts[shard] > _buckets[shard].Length) Grow(shard);
        Link(at);
        Count++;
        return at;
    }

    private void Grow(uint shard)
    {
        int[] old = _buckets[shard];
        _buckets[shard] = new int[Math.Max(2 * old.Length, FewestBuckets)];
        foreach (int first in old)
        {
            for (int at = first; at != 0;)
            {
                int next = _entries[at - 1].NextInBucket;
                Link(at);
                at = next;
            }
        }
    }

    private ref int BucketOf(in Entry entry)
    {
        uint hash = Hash(entry.Campaign, entry.Key);
        int[] buckets = _buckets[hash % Shards];
        return ref buckets[(hash / Shards) & (uint)(buckets.Length - 1)];
    }

    private void Link(int at)
    {
        ref Entry entry = ref _entries[at - 1];
        ref int bucket = ref BucketOf(entry);
        entry.NextInBucket = bucket;
        bucket = at;
    }

    private void Unlink(int at, in Entry entry)
    {
        _counts[Hash(entry.Campaign, entry.Key) % Shards]--;
        ref int link = ref BucketOf(entry);
        while (link != at) link = ref _entries[link - 1].NextInBucket;
        link = entry.NextInBucket;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public EventIdentity Key;
        public long Revision;
        public long ValueMicros;
        public long TimeTicks;
        public int Campaign;
        public int NextOfCampaign;
        public int NextInBucket;

        /// <summary>yyyymmdd; 0: only retractions came so far.</summary>
        public int ClickDay;

        /// <summary>Unix seconds; 0: not told.</summary>
        public uint ClickSeconds;
        public uint ArrivalSeconds;
        public EventKind Kind;

        public readonly ConversionMark Mark()
            => new(
                ClickDay != 0 && Kind != EventKind.Retract, ValueMicros, ClickDay, ClickSeconds != 0,
                ClickSeconds != 0 ? ((long)ArrivalSeconds - ClickSeconds) * TimeSpan.TicksPerSecond : 0);

        /// <summary>Takes over an earlier click or arrival. True when it was one.</summary>
        public bool Learn(long clickTicks, long timeTicks, int clickDay)
        {
            uint click = clickTicks > 0 ? SecondsOf(clickTicks) : 0, arrival = SecondsOf(timeTicks);
            bool isFirst = ClickDay == 0, learns = isFirst;
            // A told click rules over arrivals that stood in for one.
            bool takesDay = isFirst || (click != 0 ? ClickSeconds == 0 || click < ClickSeconds : ClickSeconds == 0 && arrival < ArrivalSeconds);
            if (takesDay) (ClickDay, learns) = (clickDay, true);
            if (click != 0 && (ClickSeconds == 0 || click < ClickSeconds)) ClickSeconds = click;
            if (!isFirst && arrival >= ArrivalSeconds) return learns;
            ArrivalSeconds = arrival;
            return true;
        }

        private static uint SecondsOf(long ticks) => (uint)Math.Clamp((ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond, 1, uint.MaxValue);
    }
}
