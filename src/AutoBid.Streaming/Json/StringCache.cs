namespace AutoBid.Streaming.Json;

/// <summary>
/// A direct-mapped cache of short strings that repeat (exchanges, nodes, tenants): bounded, lock-free, a miss only costs an allocation.
/// Races are benign, because each slot holds one immutable string.
/// </summary>
internal sealed class StringCache
{
    private const int Size = 1024;

    private readonly string?[] _slots = new string?[Size];

    public string Intern(ReadOnlySpan<char> text)
    {
        ref string? slot = ref _slots[(uint)string.GetHashCode(text) % Size];
        string? known = Volatile.Read(ref slot);
        if (known is not null && text.SequenceEqual(known)) return known;
        string fresh = text.ToString();
        Volatile.Write(ref slot, fresh);
        return fresh;
    }
}
