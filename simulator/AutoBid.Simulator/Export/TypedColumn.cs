using System.Runtime.InteropServices;

namespace AutoBid.Simulator.Export;

/// <summary>A column of one element type: float, Half, int, short or sbyte.</summary>
/// <param name="shape">Dimensions behind the keys.</param>
internal sealed class TypedColumn<T>(string name, params int[] shape) : TrajectoryColumn
    where T : unmanaged
{
    private readonly List<T> _values = [];

    public void Add(T value) => _values.Add(value);

    public void Add(ReadOnlySpan<T> values) => _values.AddRange(values);

    public ReadOnlySpan<T> Values => CollectionsMarshal.AsSpan(_values);

    public override void Append(TrajectoryColumn other) => _values.AddRange(((TypedColumn<T>)other)._values);

    public override void Clear() => _values.Clear();

    public override void Write(NpzWriter npz, int keys)
    {
        int[] full = [keys, .. shape];
        Span<T> values = CollectionsMarshal.AsSpan(_values);
        if (typeof(T) == typeof(float)) npz.Write(name, MemoryMarshal.Cast<T, float>(values), full);
        else if (typeof(T) == typeof(Half)) npz.Write(name, MemoryMarshal.Cast<T, Half>(values), full);
        else if (typeof(T) == typeof(int)) npz.Write(name, MemoryMarshal.Cast<T, int>(values), full);
        else if (typeof(T) == typeof(short)) npz.Write(name, MemoryMarshal.Cast<T, short>(values), full);
        else if (typeof(T) == typeof(sbyte)) npz.Write(name, MemoryMarshal.Cast<T, sbyte>(values), full);
        else throw new NotSupportedException($"{name}: no array of {typeof(T).Name}.");
    }
}
