using System.Numerics;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// The own bids of one partition: a bit for each (tenant, lease, kind, sequence number), in pages of 512. Pages lie in one open-addressing table, so that
/// a lease costs nothing by itself, holes cost nothing, and an absurd number costs one page.
/// <para>A page bears the latest hour of event time that any copy of its bids bore, and goes as a whole when that hour goes: no bid in it is forgotten
/// before its own window ends. When the hour of a page rises, the whole page is stored anew under it; what was stored before goes with its own hour.</para>
/// </summary>
internal sealed class OwnBidMemory : IHourContent
{
    /// <summary>Sequence numbers from here on are not kept as bits: no lease makes so many bids.</summary>
    public const long SeqLimit = 1L << 32;

    private const int SmallestLog = 6;
    private const int PageBits = 512;
    private const int PageWords = PageBits / 64;
    private const int PagesInChunk = 512;
    private const int KindBits = 2;
    private const int PageNumberBits = 24;

    private readonly HourBlocks _blocks;
    private readonly List<string> _tenants = [];
    private readonly Dictionary<string, int> _tenantIds = new(StringComparer.Ordinal);
    private readonly Dictionary<int, List<Pending>> _pending = [];
    private readonly List<ulong[]> _chunks = [];
    private readonly Stack<int> _free = new();
    private string _lastTenant = "";
    private int _lastTenantId = -1;
    private Slot[] _slots = [];
    private int _shift = 64;
    private int _used;
    private int _nextPage;

    public OwnBidMemory(int partition) => _blocks = new HourBlocks(partition, SeenKind.Bids);

    public int PendingCount { get; private set; }

    public bool HasPending => _pending.Count > 0 || _blocks.HasWork;

    /// <summary>Bids and kinds remembered.</summary>
    public long Count { get; private set; }

    public int Pages => _used;

    public long Bytes => (long)_slots.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<Slot>() + (long)_chunks.Count * PagesInChunk * PageBits / 8;

    IReadOnlyCollection<int> IHourContent.PendingHours => _pending.Keys;

    /// <summary>Whether an event is remembered as a bit. A property of the event alone: whatever this memory holds, every copy comes to the same place.</summary>
    public static bool Takes(in EngineEvent e) => e.Lease > 0 && e.Seq is >= 0 and < SeqLimit && KindOf(e.Kind) >= 0;

    public bool Contains(in EngineEvent e)
    {
        if (_used == 0) return false;
        ref Slot slot = ref Find(e.Lease, PlaceOf(e));
        return slot.Page != 0 && (Word(slot.Page, e.Seq) >> (int)(e.Seq & 63) & 1) != 0;
    }

    /// <summary>True the first time; false for a duplicate.</summary>
    public bool TryAdd(in EngineEvent e, int hour) => TryAdd(e.Lease, PlaceOf(e), (int)(e.Seq & (PageBits - 1)), hour, store: true);

    /// <summary>Forgets pages whose hour lies before one.</summary>
    public void Expire(int firstKept)
    {
        int expired = 0;
        foreach (ref readonly Slot slot in _slots.AsSpan())
            if (slot.Page != 0 && slot.Hour < firstKept) expired++;
        if (expired > 0)
        {
            foreach (ref readonly Slot slot in _slots.AsSpan())
            {
                if (slot.Page == 0 || slot.Hour >= firstKept) continue;
                Span<ulong> words = WordsOf(slot.Page);
                foreach (ulong word in words) Count -= BitOperations.PopCount(word);
                words.Clear();
                _free.Push(slot.Page);
            }

            Resize(_slots.Length, firstKept);
        }

        foreach (int hour in _pending.Keys.Where(hour => hour < firstKept).ToArray()) _pending.Remove(hour);
        foreach (int hour in _blocks.Stored().TakeWhile(hour => hour < firstKept)) _blocks.Drop(hour);
    }

    /// <summary>The hours in [from, before) are over.</summary>
    public void Close(int from, int before) => _blocks.Close(from, before);

    /// <summary>Takes in a block that the store gave back.</summary>
    public void Load(SeenBlock block, int hour)
    {
        _blocks.Know(hour);
        var reader = new OwnBidReader(block);
        while (reader.Next())
        {
            ulong place = (ulong)IdOf(reader.Tenant) << (KindBits + PageNumberBits) | (ulong)reader.Kind << PageNumberBits | reader.PageNumber;
            for (int w = 0; w < PageWords; w++)
                for (ulong word = reader[w]; word != 0; word &= word - 1) TryAdd(reader.Lease, place, w * 64 + BitOperations.TrailingZeroCount(word), hour, store: false);
        }
    }

    /// <param name="closedBefore">Hours before this one are over.</param>
    public void Take(SeenChanges changes, int closedBefore)
    {
        _blocks.Take(this, changes, closedBefore);
        _pending.Clear();
        PendingCount = 0;
    }

    /// <summary>Every page with its bits, ordered by tenant, lease, kind and number.</summary>
    public IEnumerable<(string Tenant, long Lease, int Kind, long PageNumber, int Hour, ulong[] Words)> Ordered()
        => _slots.Where(slot => slot.Page != 0)
            .OrderBy(slot => _tenants[TenantOf(slot.Place)], StringComparer.Ordinal).ThenBy(slot => slot.Lease).ThenBy(slot => KindAndPageOf(slot.Place))
            .Select(slot => (_tenants[TenantOf(slot.Place)], slot.Lease, KindIn(slot.Place), (long)NumberOf(slot.Place), slot.Hour, WordsOf(slot.Page).ToArray()));

    byte[] IHourContent.Delta(int hour)
    {
        var writer = new OwnBidWriter(_tenants);
        foreach (Pending pending in _pending[hour])
        {
            if (pending.Bit >= 0) writer.Bid(TenantOf(pending.Place), pending.Lease, KindIn(pending.Place), (long)NumberOf(pending.Place) * PageBits + pending.Bit);
            else writer.Page(TenantOf(pending.Place), pending.Lease, KindIn(pending.Place), NumberOf(pending.Place), WordsOf(Find(pending.Lease, pending.Place).Page));
        }

        return writer.ToBlob();
    }

    byte[]? IHourContent.Whole(int hour)
    {
        Slot[] pages = [.. _slots.Where(slot => slot.Page != 0 && slot.Hour == hour)];
        if (pages.Length == 0) return null;
        Array.Sort(pages, static (a, b) => a.Place != b.Place ? a.Place.CompareTo(b.Place) : a.Lease.CompareTo(b.Lease));
        var writer = new OwnBidWriter(_tenants);
        foreach (Slot slot in pages) writer.Page(TenantOf(slot.Place), slot.Lease, KindIn(slot.Place), NumberOf(slot.Place), WordsOf(slot.Page));
        return writer.ToBlob();
    }

    private static int KindOf(EventKind kind) => kind switch
    {
        EventKind.Bill => 0,
        EventKind.Win => 1,
        EventKind.Loss => 2,
        EventKind.Opportunity => 3,
        _ => -1,
    };

    private static int TenantOf(ulong place) => (int)(place >> (KindBits + PageNumberBits));

    private static int KindIn(ulong place) => (int)(place >> PageNumberBits) & ((1 << KindBits) - 1);

    private static ulong NumberOf(ulong place) => place & ((1UL << PageNumberBits) - 1);

    private static ulong KindAndPageOf(ulong place) => place & ((1UL << (KindBits + PageNumberBits)) - 1);

    private ulong PlaceOf(in EngineEvent e)
        => (ulong)IdOf(e.TenantId) << (KindBits + PageNumberBits) | (ulong)KindOf(e.Kind) << PageNumberBits | (ulong)e.Seq / PageBits;

    private int IdOf(string tenant)
    {
        if (ReferenceEquals(tenant, _lastTenant)) return _lastTenantId;
        if (!_tenantIds.TryGetValue(tenant, out int id))
        {
            id = _tenants.Count;
            _tenants.Add(tenant);
            _tenantIds.Add(tenant, id);
        }

        (_lastTenant, _lastTenantId) = (tenant, id);
        return id;
    }

    private bool TryAdd(long lease, ulong place, int bit, int hour, bool store)
    {
        if (4L * (_used + 1) > 3L * _slots.Length) Resize(Math.Max(1 << SmallestLog, 2 * _slots.Length), int.MinValue);
        ref Slot slot = ref Find(lease, place);
        if (slot.Page == 0)
        {
            slot = new Slot { Lease = lease, Place = place, Hour = hour, Page = TakePage() };
            _used++;
        }

        ref ulong word = ref Word(slot.Page, bit);
        bool fresh = (word >> (bit & 63) & 1) == 0;
        word |= 1UL << (bit & 63);
        if (fresh) Count++;
        bool moved = hour > slot.Hour;
        if (moved) slot.Hour = hour;
        if (store && (fresh || moved))
        {
            if (!_pending.TryGetValue(slot.Hour, out List<Pending>? pending)) _pending.Add(slot.Hour, pending = []);
            pending.Add(new Pending(lease, place, moved ? -1 : bit));
            PendingCount++;
        }

        return fresh;
    }

    // Three quarters at most are used, so a probe always ends at a free slot.
    private ref Slot Find(long lease, ulong place)
    {
        Slot[] slots = _slots;
        int mask = slots.Length - 1;
        int at = (int)(((ulong)lease * 0x9E3779B97F4A7C15 ^ place * 0xD6E8FEB86659FD93) * 0x9E3779B97F4A7C15 >> _shift);
        while (slots[at].Page != 0 && (slots[at].Lease != lease || slots[at].Place != place)) at = (at + 1) & mask;
        return ref slots[at];
    }

    private void Resize(int length, int firstKept)
    {
        Slot[] old = _slots;
        _slots = new Slot[length];
        _shift = 64 - BitOperations.Log2((uint)length);
        _used = 0;
        foreach (ref readonly Slot slot in old.AsSpan())
        {
            if (slot.Page == 0 || slot.Hour < firstKept) continue;
            Find(slot.Lease, slot.Place) = slot;
            _used++;
        }
    }

    /// <summary>Numbers begin at 1: 0 marks a free slot.</summary>
    private int TakePage()
    {
        if (_free.TryPop(out int page)) return page;
        if (_nextPage == _chunks.Count * PagesInChunk) _chunks.Add(new ulong[PagesInChunk * PageWords]);
        return ++_nextPage;
    }

    private Span<ulong> WordsOf(int page) => _chunks[(page - 1) / PagesInChunk].AsSpan((page - 1) % PagesInChunk * PageWords, PageWords);

    private ref ulong Word(int page, long bit) => ref _chunks[(page - 1) / PagesInChunk][(page - 1) % PagesInChunk * PageWords + (int)(bit & (PageBits - 1)) / 64];

    private struct Slot
    {
        public long Lease;

        /// <summary>Tenant, kind, number of the page under its lease.</summary>
        public ulong Place;

        public int Hour;

        /// <summary>0: free.</summary>
        public int Page;
    }

    /// <param name="Bit">-1: the whole page, because its hour rose.</param>
    private readonly record struct Pending(long Lease, ulong Place, int Bit);
}
