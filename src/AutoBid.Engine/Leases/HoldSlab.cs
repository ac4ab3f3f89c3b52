namespace AutoBid.Engine.Leases;

/// <summary>
/// Rings of holds with power-of-two capacities, cut from one reference-free slab. Allocation belongs to the lease desk's lock.
/// A ring that was outgrown is not reused while its lease lives: a bid thread may still hold its old address (see <see cref="LeaseDesk"/>).
/// </summary>
internal sealed class HoldSlab
{
    public const int SmallestCapacity = 1 << SmallestLog;

    private const int SmallestLog = 5;
    private const int LargestLog = 30;

    private readonly ChunkedSlab _cells = new();
    private readonly Stack<long>[] _free = new Stack<long>[LargestLog + 1];

    public static long CapacityOf(long ring) => 1L << (int)(ring & 63);

    /// <summary>A zeroed ring of at least <paramref name="capacity"/> cells.</summary>
    public long Allocate(long capacity)
    {
        int log = Math.Max(SmallestLog, System.Numerics.BitOperations.Log2((ulong)Math.Max(capacity - 1, 1)) + 1);
        if (log > LargestLog) throw new InvalidOperationException("More than a billion open holds under one lease.");
        if (_free[log] is { Count: > 0 } free)
        {
            long ring = free.Pop();
            for (long i = 0; i < CapacityOf(ring); i++) this[ring, i] = default;
            return ring;
        }

        return (_cells.Take(1L << log) << 6) | (long)log;
    }

    public void Free(long ring)
    {
        int log = (int)(ring & 63);
        (_free[log] ??= new Stack<long>()).Push(ring);
    }

    /// <summary>The cell of a sequence number.</summary>
    public ref Hold this[long ring, long seq] => ref _cells[(ring >> 6) + (seq & (CapacityOf(ring) - 1))];

    /// <summary>Grows by chunks that never move; readers need no lock.</summary>
    private sealed class ChunkedSlab
    {
        private const int Shift = 12;
        private const int Mask = (1 << Shift) - 1;

        private Hold[][] _chunks = [];
        private long _next;

        public ref Hold this[long at] => ref Volatile.Read(ref _chunks)[at >> Shift][at & Mask];

        public long Take(long cells)
        {
            long start = _next;
            _next += cells;
            int needed = (int)((_next + Mask) >> Shift);
            if (needed > _chunks.Length)
            {
                var grown = new Hold[Math.Max(needed, _chunks.Length * 2)][];
                Array.Copy(_chunks, grown, _chunks.Length);
                for (int i = _chunks.Length; i < grown.Length; i++) grown[i] = new Hold[Mask + 1];
                Volatile.Write(ref _chunks, grown);
            }

            return start;
        }
    }
}
