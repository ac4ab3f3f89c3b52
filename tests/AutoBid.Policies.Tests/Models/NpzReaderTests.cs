using System.IO.Compression;
using System.Text;
using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Models;

public sealed class NpzReaderTests
{
    [Fact]
    public void Reads_what_numpy_wrote_deflated()
    {
        using var archive = ZipFile.OpenRead(Path.Combine(Cards.Source, "arrays.npz"));
        NpyArray Array(string name)
        {
            using Stream entry = archive.GetEntry(name + ".npy")!.Open();
            return NpzReader.ReadArray(entry);
        }

        Assert.Equal([2, 3], Array("f4").Shape);
        Assert.Equal([0f, 0.25f, 0.5f, 0.75f, 1f, 1.25f], Array("f4").ToFloats());
        Assert.Equal([1.5f, -2f], Array("f2").ToFloats());
        Assert.Equal([2, 1], Array("i4").Shape);
        Assert.Equal([-3L, 70000L], Array("i4").ToLongs());
        Assert.Equal([1L << 40, -5L], Array("i8").ToLongs());
        Assert.Equal([-1L, 2L, 3L], Array("i1").ToLongs());
        Assert.Equal([-1f, 2f, 3f], Array("i1").ToFloats());
        Assert.Empty(Array("scalar").Shape);
        Assert.Equal([2.5f], Array("scalar").ToFloats());
        Assert.Throws<FormatException>(() => Array("f4").ToLongs());
        Assert.Contains("Fortran", Assert.Throws<FormatException>(() => Array("fortran")).Message, StringComparison.Ordinal);
        Assert.Contains("f8", Assert.Throws<FormatException>(() => Array("f8")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_the_array_that_cannot_be_read()
    {
        using FileStream file = File.OpenRead(Path.Combine(Cards.Source, "arrays.npz"));
        Assert.StartsWith("fortran: ", Assert.Throws<FormatException>(() => NpzReader.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_stored_archives()
    {
        using FileStream file = File.OpenRead(Path.Combine(Cards.Source, "tiny", "parity.npz"));
        Dictionary<string, NpyArray> arrays = NpzReader.Read(file);
        Assert.Equal([40, 4, 29], arrays["states"].Shape);
        Assert.Equal(8, arrays.Count);
    }

    [Fact]
    public void Garbage_and_cut_files_are_refused()
    {
        Assert.Throws<FormatException>(() => NpzReader.Read(new MemoryStream(Encoding.UTF8.GetBytes("no zip at all"))));
        Assert.Throws<FormatException>(() => NpzReader.ReadArray(new MemoryStream(new byte[64])));
        byte[] whole = Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
        Assert.Equal(2, NpzReader.ReadArray(new MemoryStream(whole)).Length);
        Assert.Throws<EndOfStreamException>(() => NpzReader.ReadArray(new MemoryStream(whole[..^1])));
        Assert.Throws<FormatException>(() => NpzReader.ReadArray(new MemoryStream(Npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999,99999), }", 8))));
        Assert.Throws<FormatException>(() => NpzReader.ReadArray(new MemoryStream(Npy("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", 8))));
        Assert.Throws<FormatException>(() => NpzReader.ReadArray(new MemoryStream(Npy("{'shape': (2,)}", 8))));
    }

    private static byte[] Npy(string header, int bytes)
        => [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. new byte[bytes]];
}
