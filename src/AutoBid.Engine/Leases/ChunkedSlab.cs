namespace AutoBid.Engine.Leases;

/// <summary>A growing run of structs in chunks that never move: readers need no lock. One thread at a time grows it; memory is taken chunk by chunk.</summary>
internal sealed class ChunkedSlab<T>
    where T : struct
{
    private const int Shift = 12;
    private const int Mask = (1 << Shift) - 1;

    private T[]?[] _chunks = new T[]?[4];
    private int _count;
    private long _next;

    public long AllocatedBytes => (long)_count * (Mask + 1) * System.Runtime.CompilerServices.Unsafe.SizeOf<T>();

    /// <summary>An element that was taken before; whoever names it learned of it behind a release.</summary>
    public ref T this[long at] => ref Volatile.Read(ref _chunks)[at >> Shift]![at & Mask];

    /// <summary>Takes zeroed elements in a row and returns the first one's place.</summary>
    public long Take(long elements)
    {
        long start = _next;
        _next += elements;
        int needed = (int)((_next + Mask) >> Shift);
        if (needed > _chunks.Length)
        {
            var grown = new T[]?[Math.Max(needed, _chunks.Length * 2)];
            Array.Copy(_chunks, grown, _count);
            Volatile.Write(ref _chunks, grown);
        }

        for (; _count < needed; _count++) Volatile.Write(ref _chunks[_count], new T[Mask + 1]);
        return start;
    }
}
