using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace AutoBid.Simulator.Export;

/// <summary>Writes NumPy's .npz: a zip of .npy version 1.0 arrays, little-endian, C order. Equal content gives equal bytes: no clock in the zip.</summary>
public sealed class NpzWriter : IDisposable
{
    // The first instant a zip can name.
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ZipArchive _zip;

    /// <param name="stream">Left open; must be writable.</param>
    public NpzWriter(Stream stream)
    {
        if (!BitConverter.IsLittleEndian) throw new PlatformNotSupportedException("Arrays are written in memory order, which must be little-endian.");
        _zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
    }

    public void Write(string name, ReadOnlySpan<float> data, params ReadOnlySpan<int> shape) => Write(name, NpyType.Float32, MemoryMarshal.AsBytes(data), data.Length, shape);

    public void Write(string name, ReadOnlySpan<Half> data, params ReadOnlySpan<int> shape) => Write(name, NpyType.Float16, MemoryMarshal.AsBytes(data), data.Length, shape);

    public void Write(string name, ReadOnlySpan<int> data, params ReadOnlySpan<int> shape) => Write(name, NpyType.Int32, MemoryMarshal.AsBytes(data), data.Length, shape);

    public void Write(string name, ReadOnlySpan<short> data, params ReadOnlySpan<int> shape) => Write(name, NpyType.Int16, MemoryMarshal.AsBytes(data), data.Length, shape);

    public void Write(string name, ReadOnlySpan<sbyte> data, params ReadOnlySpan<int> shape) => Write(name, NpyType.Int8, MemoryMarshal.AsBytes(data), data.Length, shape);

    public void Dispose() => _zip.Dispose();

    private void Write(string name, NpyType type, ReadOnlySpan<byte> bytes, int elements, ReadOnlySpan<int> shape)
    {
        long expected = 1;
        foreach (int size in shape) expected *= size;
        if (expected != elements) throw new ArgumentException($"{name}: {elements} elements do not fill the shape.", nameof(shape));
        ZipArchiveEntry entry = _zip.CreateEntry(name + ".npy", CompressionLevel.Fastest);
        entry.LastWriteTime = Epoch;
        using Stream body = entry.Open();
        body.Write(Header(type, shape));
        body.Write(bytes);
    }

    private static byte[] Header(NpyType type, ReadOnlySpan<int> shape)
    {
        string descriptor = type switch
        {
            NpyType.Float32 => "<f4",
            NpyType.Float16 => "<f2",
            NpyType.Int32 => "<i4",
            NpyType.Int16 => "<i2",
            _ => "|i1",
        };
        var tuple = new StringBuilder();
        foreach (int size in shape) tuple.Append(CultureInfo.InvariantCulture, $"{size}, ");
        string text = $"{{'descr': '{descriptor}', 'fortran_order': False, 'shape': ({tuple.ToString().TrimEnd(' ')}), }}";
        // Magic (6), version (2), length (2) and text with its final newline fill a multiple of 64 bytes.
        int length = (10 + text.Length + 1 + 63) / 64 * 64 - 10;
        var header = new byte[10 + length];
        header.AsSpan().Fill((byte)' ');
        header[0] = 0x93;
        "NUMPY"u8.CopyTo(header.AsSpan(1));
        header[6] = 1;
        header[7] = 0;
        header[8] = (byte)(length & 0xFF);
        header[9] = (byte)(length >> 8);
        Encoding.ASCII.GetBytes(text, header.AsSpan(10));
        header[^1] = (byte)'\n';
        return header;
    }
}
