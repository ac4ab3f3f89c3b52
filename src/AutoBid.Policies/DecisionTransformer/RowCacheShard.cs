using System.Numerics;

namespace AutoBid.Policies.DecisionTransformer;

/// <summary>Some campaigns of a <see cref="RowCache"/>: their rows in flat, reference-free chunks, a ring of a window's slots each; the order in which they were asked for as a linked list.</summary>
internal sealed class RowCacheShard(int window, RowShape shape, int capacity)
{
    /// <summary>Campaigns of a chunk: its arrays stay small enough for the collector to place freely.</summary>
    private const int ChunkSize = 32;

    private const byte NoStep = byte.MaxValue;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly List<Chunk> _chunks = [];
    private string[] _ids = [];

    // The list of use is a ring through place 0, which holds no campaign: its next was used last, its previous longest ago.
    private int[] _next = [0], _previous = [0];
    private int _reserved;

    /// <summary>Campaigns that there is memory for already.</summary>
    public int Reserved => Volatile.Read(ref _reserved);

    /// <summary>Rows, keys, an id of the greatest length, and the books about it: entry and bucket of the dictionary, reference, two links.</summary>
    public static int BytesPerCampaign(int window, RowShape shape)
        => window * (16 + 1 + sizeof(float) * shape.Floats + sizeof(double) * shape.Doubles) + (2 * RowCache.LongestId + 24) + 2 * (24 + 4) + (8 + 2 * 4);

    public ulong Read(string campaign, int first, ReadOnlySpan<UInt128> keys, Span<float> floats, Span<double> doubles, out ulong changed)
    {
        ulong found = 0;
        changed = 0;
        lock (_gate)
        {
            if (!_places.TryGetValue(campaign, out int place)) return 0;
            Touch(place);
            Chunk chunk = ChunkOf(place, out int start);
            for (int i = 0; i < keys.Length; i++)
            {
                int slot = start + (first + i) % window;
                if (chunk.Steps[slot] != first + i) continue;
                if (chunk.Keys[slot] != keys[i])
                {
                    changed |= 1UL << i;
                    continue;
                }

                found |= 1UL << i;
                chunk.Floats.AsSpan(slot * shape.Floats, shape.Floats).CopyTo(floats[(i * shape.Floats)..]);
                chunk.Doubles.AsSpan(slot * shape.Doubles, shape.Doubles).CopyTo(doubles[(i * shape.Doubles)..]);
            }
        }

        return found;
    }

    /// <returns>True when another campaign went for it.</returns>
    public bool Write(string campaign, int first, ReadOnlySpan<UInt128> keys, ReadOnlySpan<float> floats, ReadOnlySpan<double> doubles, ulong which)
    {
        if (capacity == 0) return false;
        lock (_gate)
        {
            bool isNew = !_places.TryGetValue(campaign, out int place), evicts = isNew && _places.Count == capacity;
            if (isNew) place = Place(campaign);
            Chunk chunk = ChunkOf(place, out int start);
            for (; which != 0; which &= which - 1)
            {
                int i = BitOperations.TrailingZeroCount(which), slot = start + (first + i) % window;
                chunk.Steps[slot] = (byte)(first + i);
                chunk.Keys[slot] = keys[i];
                floats.Slice(i * shape.Floats, shape.Floats).CopyTo(chunk.Floats.AsSpan(slot * shape.Floats));
                doubles.Slice(i * shape.Doubles, shape.Doubles).CopyTo(chunk.Doubles.AsSpan(slot * shape.Doubles));
            }

            return evicts;
        }
    }

    /// <summary>An empty ring for a campaign that has none.</summary>
    private int Place(string campaign)
    {
        int place = _places.Count + 1;
        if (_places.Count == capacity)
        {
            place = _previous[0];
            _places.Remove(_ids[place]);
            Unlink(place);
        }
        else if (place > _reserved)
        {
            Grow();
        }

        _places.Add(campaign, place);
        _ids[place] = campaign;
        Link(place);
        Chunk chunk = ChunkOf(place, out int start);
        chunk.Steps.AsSpan(start, window).Fill(NoStep);
        return place;
    }

    private void Grow()
    {
        int more = Math.Min(ChunkSize, capacity - _reserved);
        _chunks.Add(new Chunk(more * window, shape));
        Volatile.Write(ref _reserved, _reserved + more);
        Array.Resize(ref _ids, _reserved + 1);
        Array.Resize(ref _next, _reserved + 1);
        Array.Resize(ref _previous, _reserved + 1);
    }

    private Chunk ChunkOf(int place, out int start)
    {
        start = (place - 1) % ChunkSize * window;
        return _chunks[(place - 1) / ChunkSize];
    }

    private void Touch(int place)
    {
        if (_next[0] == place) return;
        Unlink(place);
        Link(place);
    }

    private void Link(int place)
    {
        (_next[place], _previous[place]) = (_next[0], 0);
        _previous[_next[0]] = place;
        _next[0] = place;
    }

    private void Unlink(int place)
    {
        _next[_previous[place]] = _next[place];
        _previous[_next[place]] = _previous[place];
    }

    private sealed class Chunk(int slots, RowShape shape)
    {
        public readonly UInt128[] Keys = new UInt128[slots];
        public readonly byte[] Steps = new byte[slots];
        public readonly float[] Floats = new float[slots * shape.Floats];
        public readonly double[] Doubles = new double[slots * shape.Doubles];
    }
}
