namespace AutoBid.Engine;

/// <summary>
/// A growing array of structs whose elements never move: a reference to an element stays valid while the array grows, and readers on other threads
/// need no lock. One thread grows it. Chunks hold no references when T does not, so the collector skips them.
/// </summary>
internal sealed class ChunkedArray<T>
    where T : struct
{
    private const int Shift = 10;
    private const int Mask = (1 << Shift) - 1;

    // Replaced as a whole when it grows; published with release semantics after the new chunk exists.
    private T[][] _chunks = [];

    public int Capacity => Volatile.Read(ref _chunks).Length << Shift;

    public ref T this[int index] => ref Volatile.Read(ref _chunks)[index >> Shift][index & Mask];

    public void EnsureCapacity(int count)
    {
        T[][] chunks = _chunks;
        int needed = (count + Mask) >> Shift;
        if (needed <= chunks.Length) return;
        var grown = new T[needed][];
        Array.Copy(chunks, grown, chunks.Length);
        for (int i = chunks.Length; i < needed; i++) grown[i] = new T[Mask + 1];
        Volatile.Write(ref _chunks, grown);
    }
}
