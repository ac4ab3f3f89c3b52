using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using AutoBid.Simulator.Export;

namespace AutoBid.Simulator.Tests.Export;

public sealed class NpzWriterTests
{
    [Fact]
    public void Arrays_are_npy_version_1()
    {
        using var stream = new MemoryStream();
        using (var npz = new NpzWriter(stream))
        {
            npz.Write("a", [1f, 2f, 3f, 4f, 5f, 6f], 2, 3);
            npz.Write("b", [(Half)0.5, (Half)(-2)], 2);
            npz.Write("c", [7, 8, 9], 3);
            npz.Write("d", [(sbyte)1], 1);
            npz.Write("e", [(short)-300, (short)7], 2);
        }

        Assert.Equal("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }", Read(stream, "a.npy", out byte[] a));
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], MemoryMarshal.Cast<byte, float>(a).ToArray());
        Assert.Equal("{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }", Read(stream, "b.npy", out byte[] b));
        Assert.Equal([(Half)0.5, (Half)(-2)], MemoryMarshal.Cast<byte, Half>(b).ToArray());
        Assert.Equal("{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }", Read(stream, "c.npy", out byte[] c));
        Assert.Equal([7, 8, 9], MemoryMarshal.Cast<byte, int>(c).ToArray());
        Assert.Equal("{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }", Read(stream, "d.npy", out byte[] d));
        Assert.Equal([1], d);
        Assert.Equal("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", Read(stream, "e.npy", out byte[] e));
        Assert.Equal([-300, 7], MemoryMarshal.Cast<byte, short>(e).ToArray());
    }

    [Fact]
    public void Equal_content_gives_equal_bytes()
    {
        static byte[] Make()
        {
            using var stream = new MemoryStream();
            using (var npz = new NpzWriter(stream)) npz.Write("x", new float[1000], 1000);
            return stream.ToArray();
        }

        Assert.Equal(Make(), Make());
    }

    [Fact]
    public void Elements_must_fill_the_shape()
    {
        using var npz = new NpzWriter(new MemoryStream());
        Assert.Throws<ArgumentException>(() => npz.Write("x", [1f, 2f], 3));
    }

    internal static string Read(Stream stream, string entry, out byte[] data)
    {
        using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        using Stream body = zip.GetEntry(entry)!.Open();
        using var memory = new MemoryStream();
        body.CopyTo(memory);
        byte[] bytes = memory.ToArray();
        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0], bytes[..8]);
        int length = bytes[8] + 256 * bytes[9];
        Assert.Equal(0, (10 + length) % 64);
        Assert.Equal((byte)'\n', bytes[9 + length]);
        data = bytes[(10 + length)..];
        return Encoding.ASCII.GetString(bytes, 10, length).Trim();
    }
}
