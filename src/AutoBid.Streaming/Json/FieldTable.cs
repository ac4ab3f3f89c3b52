using System.Text;

namespace AutoBid.Streaming.Json;

/// <summary>Field names of one kind of object, looked up by their UTF-8 bytes; a field's index is its place in the list.</summary>
internal sealed class FieldTable
{
    private readonly (byte[] Name, int Index)[][] _byLength;
    private readonly string[] _names;

    public FieldTable(params string[] names)
    {
        if (names.Length > JsonFields.Capacity) throw new ArgumentException($"at most {JsonFields.Capacity} fields", nameof(names));
        _names = names;
        _byLength = new (byte[], int)[names.Max(name => name.Length) + 1][];
        for (int length = 0; length < _byLength.Length; length++)
            _byLength[length] = [.. names.Index().Where(field => field.Item.Length == length).Select(field => (Encoding.UTF8.GetBytes(field.Item), field.Index))];
    }

    public string this[int index] => _names[index];

    /// <summary>Index of the field; -1: none of this object's.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        if (name.Length >= _byLength.Length) return -1;
        foreach ((byte[] candidate, int index) in _byLength[name.Length])
            if (name.SequenceEqual(candidate)) return index;
        return -1;
    }
}
