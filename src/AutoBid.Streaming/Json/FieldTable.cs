using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace AutoBid.Streaming.Json;

/// <summary>Field names of one kind of object, looked up by their UTF-8 bytes; a field's index is its place in the list.</summary>
internal sealed class FieldTable
{
    private readonly string[] _names;
    private readonly byte[][] _utf8;

    // Open addressing by the first eight bytes and the length, at most a third full; 0: free, else the field's index plus 1.
    private readonly byte[] _slots;
    private readonly int _shift;

    public FieldTable(params string[] names)
    {
        if (names.Length > JsonFields.Capacity) throw new ArgumentException($"at most {JsonFields.Capacity} fields", nameof(names));
        _names = names;
        _utf8 = [.. names.Select(Encoding.UTF8.GetBytes)];
        int log = BitOperations.Log2((uint)names.Length * 3) + 1;
        _slots = new byte[1 << log];
        _shift = 64 - log;
        for (int field = 0; field < names.Length; field++)
        {
            int at = Home(_utf8[field]);
            while (_slots[at] != 0) at = (at + 1) & (_slots.Length - 1);
            _slots[at] = (byte)(field + 1);
        }
    }

    public string this[int index] => _names[index];

    /// <summary>Index of the field; -1: none of this object's.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        byte[] slots = _slots;
        for (int at = Home(name); slots[at] != 0; at = (at + 1) & (slots.Length - 1))
            if (name.SequenceEqual(_utf8[slots[at] - 1])) return slots[at] - 1;
        return -1;
    }

    private int Home(ReadOnlySpan<byte> name)
    {
        ulong first;
        if (name.Length >= sizeof(ulong))
        {
            first = MemoryMarshal.Read<ulong>(name);
        }
        else
        {
            first = 0;
            foreach (byte letter in name) first = first << 8 | letter;
        }

        return (int)((first + (ulong)name.Length) * 0x9E3779B97F4A7C15 >> _shift);
    }
}
