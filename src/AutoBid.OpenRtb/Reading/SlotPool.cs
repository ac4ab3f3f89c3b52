namespace AutoBid.OpenRtb.Reading;

/// <summary>
/// A fixed number of reusable objects (requests, writers). Renting from an empty pool creates one; returning to a full pool drops one.
/// Lock-free and allocation-free as long as no more objects are in use at once than there are slots.
/// </summary>
public sealed class SlotPool<T>(Func<T> create, int slots) where T : class
{
    private readonly T?[] _slots = new T?[slots];

    /// <summary>Takes a pooled object, or a new one.</summary>
    public T Rent()
    {
        T?[] slots = _slots;
        // Threads start at different slots, so that they do not fight for the first one.
        int start = Environment.CurrentManagedThreadId;
        for (int i = 0; i < slots.Length; i++)
        {
            ref T? slot = ref slots[(uint)(start + i) % (uint)slots.Length];
            if (Volatile.Read(ref slot) is not null && Interlocked.Exchange(ref slot, null) is { } item) return item;
        }

        return create();
    }

    /// <summary>Gives an object back; the caller must not touch it afterwards.</summary>
    public void Return(T item)
    {
        T?[] slots = _slots;
        int start = Environment.CurrentManagedThreadId;
        for (int i = 0; i < slots.Length; i++)
        {
            ref T? slot = ref slots[(uint)(start + i) % (uint)slots.Length];
            if (Volatile.Read(ref slot) is null && Interlocked.CompareExchange(ref slot, item, null) is null) return;
        }
    }
}
