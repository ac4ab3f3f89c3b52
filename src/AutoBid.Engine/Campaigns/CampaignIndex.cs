using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;

namespace AutoBid.Engine.Campaigns;

/// <summary>Campaign id to dense index, looked up by UTF-8 bytes as they stand in a request. Ids are global; an index is never reused.</summary>
public sealed class CampaignIndex
{
    private const int Recent = 1 << 16;

    private readonly ConcurrentDictionary<byte[], int> _byUtf8;
    private readonly ConcurrentDictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly List<string> _ids = [];
    private readonly (string? Id, int Index)[] _recent = new (string?, int)[Recent];

    public CampaignIndex()
    {
        _byUtf8 = new ConcurrentDictionary<byte[], int>(new Utf8Comparer());
        _lookup = _byUtf8.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>Number of campaigns ever seen by this process.</summary>
    public int Count => _ids.Count;

    /// <summary>Index of an id. Any thread, no allocation.</summary>
    public bool TryFind(ReadOnlySpan<byte> utf8Id, out int index) => _lookup.TryGetValue(utf8Id, out index);

    public bool TryFind(string id, out int index)
    {
        Span<byte> utf8 = stackalloc byte[256];
        if (Encoding.UTF8.TryGetBytes(id, utf8, out int written)) return _lookup.TryGetValue(utf8[..written], out index);
        index = -1;
        return false;
    }

    /// <summary>
    /// As <see cref="TryFind(string, out int)"/>, for ids that decoding made one string each: the string itself answers most questions. Owner thread.
    /// </summary>
    public bool TryFindInterned(string id, out int index)
    {
        // An id never gets another index, so that nothing here can grow stale.
        ref (string? Id, int Index) recent = ref _recent[RuntimeHelpers.GetHashCode(id) & (Recent - 1)];
        index = recent.Index;
        if (ReferenceEquals(recent.Id, id)) return true;
        if (!TryFind(id, out index)) return false;
        recent = (id, index);
        return true;
    }

    /// <summary>Id of an index. Owner thread.</summary>
    public string IdOf(int index) => _ids[index];

    /// <summary>The next index, not yet visible to <see cref="TryFind(string, out int)"/>. Owner thread; follow with <see cref="Publish"/> once its rows exist.</summary>
    public int Reserve(string id)
    {
        _ids.Add(id);
        return _ids.Count - 1;
    }

    /// <summary>Makes a reserved id visible.</summary>
    public void Publish(string id, int index) => _byUtf8[Encoding.UTF8.GetBytes(id)] = index;

    private sealed class Utf8Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => Hash(obj);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => Hash(alternate);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        private static int Hash(ReadOnlySpan<byte> bytes)
        {
            var hash = default(HashCode);
            hash.AddBytes(bytes);
            return hash.ToHashCode();
        }
    }
}
