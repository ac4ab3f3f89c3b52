using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// What the engine remembers of applied events, for each partition by itself, since a partition's memory moves between nodes as a whole. Own bids are bits
/// by (tenant, lease, kind, sequence number); everything else is a 128-bit identity. An event is found whatever time its copy bears, and forgotten when the
/// window is over after the hour of the latest time that a copy bore: a replay forgets what the first run forgot, in any order of arrival.
/// Owned by the loop's thread.
/// </summary>
public sealed class SeenMemory(TimeSpan window)
{
    private readonly Dictionary<int, Partition> _partitions = [];
    private Partition? _last;
    private int _lastNumber = -1;

    /// <summary>Entries held.</summary>
    public long Count => _partitions.Values.Sum(one => one.Identities.Count + one.OwnBids.Count);

    /// <summary>Something is to be stored that no commit has stored yet.</summary>
    public bool HasPending => _partitions.Values.Any(one => one.Identities.HasPending || one.OwnBids.HasPending);

    /// <summary>Events that no commit has taken yet.</summary>
    public long PendingCount => _partitions.Values.Sum(one => one.Identities.PendingCount + one.OwnBids.PendingCount);

    /// <summary>Bytes and counts of the tiers, for metrics and benchmarks.</summary>
    public SeenFigures Figures => new()
    {
        OwnBids = _partitions.Values.Sum(one => one.OwnBids.Count),
        OwnBidBytes = _partitions.Values.Sum(one => one.OwnBids.Bytes),
        Young = _partitions.Values.Sum(one => one.Identities.YoungCount),
        YoungBytes = _partitions.Values.Sum(one => one.Identities.YoungBytes),
        Sealed = _partitions.Values.Sum(one => one.Identities.SealedCount),
        FilterBytes = _partitions.Values.Sum(one => one.Identities.FilterBytes),
        SegmentReads = _partitions.Values.Sum(one => one.Identities.SegmentReads),
        FalsePositives = _partitions.Values.Sum(one => one.Identities.FalsePositives),
    };

    /// <param name="number">Partition of the event's campaign.</param>
    public bool Contains(in EngineEvent e, int number)
        => _partitions.TryGetValue(number, out Partition? partition)
            && (OwnBidMemory.Takes(e) ? partition.OwnBids.Contains(e) : partition.Identities.Contains(e.Identity));

    /// <summary>True the first time; false for a duplicate. The event must not be older than the window.</summary>
    /// <param name="number">Partition of the event's campaign.</param>
    public bool TryAdd(in EngineEvent e, int number, long nowTicks)
    {
        Partition partition = number == _lastNumber ? _last! : Of(number, nowTicks);
        int hour = HourOf(e.TimeTicks);
        return OwnBidMemory.Takes(e) ? partition.OwnBids.TryAdd(e, hour) : partition.Identities.TryAdd(e.Identity, hour);
    }

    /// <summary>Seals the hours that are over and forgets those whose window is over.</summary>
    public void Prune(long nowTicks)
    {
        int now = HourOf(nowTicks);
        int firstKept = HourOf(Math.Max(0, nowTicks - window.Ticks));
        foreach (Partition partition in _partitions.Values) partition.Advance(now, firstKept);
    }

    /// <summary>Takes in what the store has of partitions that this node begins to own, in the order in which the store gave it.</summary>
    /// <exception cref="InvalidDataException">A block is damaged; the message names it.</exception>
    public void Load(IEnumerable<SeenBlock> blocks, long nowTicks)
    {
        var loaded = new HashSet<Partition>();
        foreach (SeenBlock block in blocks)
        {
            if (block.Key is < 0 or > int.MaxValue) throw SeenBlob.Damaged(block, "is of no hour");
            Partition partition = Of(block.Partition, nowTicks);
            loaded.Add(partition);
            switch (block.Kind)
            {
                case SeenKind.Ids: partition.Identities.Load(block, (int)block.Key); break;
                case SeenKind.Bids: partition.OwnBids.Load(block, (int)block.Key); break;
                default: throw SeenBlob.Damaged(block, "is of a kind that this engine does not know");
            }
        }

        foreach (Partition partition in loaded) partition.Loaded();
    }

    /// <summary>Forgets a partition that another node owns from now on, what is pending included.</summary>
    public void Drop(int partition)
    {
        _partitions.Remove(partition);
        _lastNumber = -1;
    }

    /// <summary>Forgets all partitions.</summary>
    public void Clear()
    {
        _partitions.Clear();
        _lastNumber = -1;
    }

    /// <summary>
    /// What the next commit must store. From here on it counts as stored: a commit that failed is repeated as it is, or its partitions are dropped.
    /// </summary>
    public SeenChanges Take()
    {
        var changes = new SeenChanges();
        foreach ((_, Partition partition) in _partitions.OrderBy(pair => pair.Key)) partition.Take(changes);
        return changes;
    }

    /// <summary>Adds the whole memory to a hash: the same for the same events, in whatever order they came and whatever is sealed.</summary>
    public void AppendTo(IncrementalHash hash)
    {
        void Add(long value) => hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in value)));

        foreach ((int number, Partition partition) in _partitions.OrderBy(pair => pair.Key))
        {
            if (partition.OwnBids.Count + partition.Identities.Count == 0) continue;
            Add(number);
            foreach ((string tenant, long lease, int kind, long page, int hour, ulong[] words) in partition.OwnBids.Ordered())
            {
                hash.AppendData(Encoding.UTF8.GetBytes(tenant));
                Add(lease);
                Add(kind);
                Add(page);
                Add(hour);
                hash.AppendData(MemoryMarshal.AsBytes(words.AsSpan()));
            }

            foreach ((EventIdentity identity, int hour) in partition.Identities.Ordered())
            {
                Add((long)identity.High);
                Add((long)identity.Low);
                Add(hour);
            }
        }
    }

    private static int HourOf(long ticks) => (int)(ticks / TimeSpan.TicksPerHour);

    private Partition Of(int number, long nowTicks)
    {
        if (!_partitions.TryGetValue(number, out Partition? partition)) _partitions.Add(number, partition = new Partition(number, HourOf(nowTicks)));
        (_last, _lastNumber) = (partition, number);
        return partition;
    }

    private sealed class Partition(int number, int nowHour)
    {
        private int _now = nowHour;
        private int _firstKept;

        public OwnBidMemory OwnBids { get; } = new(number);

        public IdentityMemory Identities { get; } = new(number, nowHour);

        public void Advance(int now, int firstKept)
        {
            if (now > _now)
            {
                OwnBids.Close(_now - IdentityMemory.YoungHours, now - IdentityMemory.YoungHours);
                _now = now;
            }

            Identities.Advance(now);
            if (firstKept <= _firstKept) return;
            _firstKept = firstKept;
            Identities.Expire(firstKept);
            OwnBids.Expire(firstKept);
        }

        public void Loaded()
        {
            Identities.Loaded();
            OwnBids.Close(0, _now - IdentityMemory.YoungHours);
        }

        public void Take(SeenChanges changes)
        {
            OwnBids.Take(changes, _now - IdentityMemory.YoungHours);
            Identities.Take(changes);
        }
    }
}
