using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace AutoBid.Policies.Models;

/// <summary>Reads NumPy's .npz (stored or deflated) and .npy, format versions 1 to 3.</summary>
public static partial class NpzReader
{
    /// <summary>Largest array in bytes: parity files hold a few windows.</summary>
    private const long MostBytes = 256 << 20;

    private static readonly byte[] Magic = [0x93, .. "NUMPY"u8];

    /// <summary>All arrays by name (without .npy).</summary>
    /// <exception cref="FormatException">Not a zip file, or an array cannot be read; the message names it.</exception>
    public static Dictionary<string, NpyArray> Read(Stream npz)
    {
        try
        {
            using var archive = new ZipArchive(npz, ZipArchiveMode.Read, leaveOpen: true);
            var arrays = new Dictionary<string, NpyArray>(StringComparer.Ordinal);
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                if (!entry.FullName.EndsWith(".npy", StringComparison.Ordinal)) continue;
                string name = entry.FullName[..^4];
                try
                {
                    using Stream content = entry.Open();
                    arrays[name] = ReadArray(content);
                }
                catch (Exception error) when (error is FormatException or EndOfStreamException)
                {
                    throw new FormatException($"{name}: {error.Message}", error);
                }
            }

            return arrays;
        }
        catch (InvalidDataException error)
        {
            throw new FormatException($"not an .npz file: {error.Message}", error);
        }
    }

    /// <summary>One .npy array.</summary>
    /// <exception cref="FormatException">Another format, order or type.</exception>
    /// <exception cref="EndOfStreamException">Shorter than its header says.</exception>
    public static NpyArray ReadArray(Stream npy)
    {
        Span<byte> start = stackalloc byte[8];
        npy.ReadExactly(start);
        if (!start[..6].SequenceEqual(Magic)) throw new FormatException("not an .npy array");
        int major = start[6];
        if (major is < 1 or > 3) throw new FormatException($"format version {major} is unknown");
        Span<byte> size = stackalloc byte[4];
        npy.ReadExactly(major == 1 ? size[..2] : size);
        uint length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(size) : BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (length > 1 << 16) throw new FormatException("the header is too long");
        var header = new byte[length];
        npy.ReadExactly(header);
        (string dtype, int[] shape) = ParseHeader(Encoding.UTF8.GetString(header));

        long bytes = NpyArray.ItemSize(dtype);
        foreach (int n in shape)
        {
            bytes *= n;
            if (bytes > MostBytes) throw new FormatException("the array is too large");
        }

        var data = new byte[bytes];
        npy.ReadExactly(data);
        return new NpyArray(dtype, shape, data);
    }

    private static (string Dtype, int[] Shape) ParseHeader(string header)
    {
        Match descr = Descr().Match(header), order = Order().Match(header), shape = Shape().Match(header);
        if (!descr.Success || !order.Success || !shape.Success) throw new FormatException("the header is not understood");
        if (order.Groups[1].Value == "True") throw new FormatException("Fortran order is not supported");
        string type = descr.Groups[1].Value;
        if (type[0] == '>') throw new FormatException("big-endian arrays are not supported");
        string[] sizes = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return (type[1..], Array.ConvertAll(sizes, n => int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw new FormatException($"size {n} is not understood")));
    }

    [GeneratedRegex(@"'descr'\s*:\s*'([<>|=]\w+)'")]
    private static partial Regex Descr();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(True|False)")]
    private static partial Regex Order();

    [GeneratedRegex(@"'shape'\s*:\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}
