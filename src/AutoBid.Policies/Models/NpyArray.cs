using System.Buffers.Binary;

namespace AutoBid.Policies.Models;

/// <summary>One array of an .npy file, C order, little-endian.</summary>
public sealed class NpyArray
{
    private readonly byte[] _data;

    internal NpyArray(string dtype, int[] shape, byte[] data)
    {
        Dtype = dtype;
        Shape = shape;
        _data = data;
    }

    /// <summary>f4, f2, i1, i2, i4 or i8.</summary>
    public string Dtype { get; }

    public int[] Shape { get; }

    public int Length => _data.Length / ItemSize(Dtype);

    /// <summary>All values as float32, whatever they are stored as.</summary>
    public float[] ToFloats()
    {
        var values = new float[Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Dtype switch
            {
                "f4" => BinaryPrimitives.ReadSingleLittleEndian(_data.AsSpan(4 * i)),
                "f2" => (float)BinaryPrimitives.ReadHalfLittleEndian(_data.AsSpan(2 * i)),
                _ => ReadInteger(i),
            };
        }

        return values;
    }

    /// <summary>All values as int64.</summary>
    /// <exception cref="FormatException">The array holds floats.</exception>
    public long[] ToLongs()
    {
        if (Dtype is "f4" or "f2") throw new FormatException($"holds {Dtype}, not integers");
        var values = new long[Length];
        for (int i = 0; i < values.Length; i++) values[i] = ReadInteger(i);
        return values;
    }

    internal static int ItemSize(string dtype) => dtype switch
    {
        "i8" => 8,
        "f4" or "i4" => 4,
        "f2" or "i2" => 2,
        "i1" => 1,
        _ => throw new FormatException($"dtype {dtype} is not f4, f2, i1, i2, i4 or i8"),
    };

    private long ReadInteger(int i) => Dtype switch
    {
        "i8" => BinaryPrimitives.ReadInt64LittleEndian(_data.AsSpan(8 * i)),
        "i4" => BinaryPrimitives.ReadInt32LittleEndian(_data.AsSpan(4 * i)),
        "i2" => BinaryPrimitives.ReadInt16LittleEndian(_data.AsSpan(2 * i)),
        _ => (sbyte)_data[i],
    };
}
