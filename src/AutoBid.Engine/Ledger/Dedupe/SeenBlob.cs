using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// The frame of every stored block, little-endian: format u8, content u8, count u32, the content, CRC-32C of all before it u32. What is damaged is
/// an <see cref="InvalidDataException"/> that names the block.
/// </summary>
internal static class SeenBlob
{
    public const byte Identities = 1;
    public const byte OwnBids = 2;

    private const byte Format = 1;
    private const int HeaderSize = 6;
    private const int CrcSize = 4;
    private const int IdentitySize = 16;

    public static byte[] OfIdentities(ReadOnlySpan<EventIdentity> identities)
    {
        byte[] blob = new byte[HeaderSize + IdentitySize * identities.Length + CrcSize];
        Span<byte> at = blob.AsSpan(HeaderSize);
        foreach (EventIdentity identity in identities)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(at, identity.High);
            BinaryPrimitives.WriteUInt64LittleEndian(at[8..], identity.Low);
            at = at[IdentitySize..];
        }

        Seal(blob, Identities, identities.Length);
        return blob;
    }

    public static byte[] OfOwnBids(ReadOnlySpan<byte> content, int count)
    {
        byte[] blob = new byte[HeaderSize + content.Length + CrcSize];
        content.CopyTo(blob.AsSpan(HeaderSize));
        Seal(blob, OwnBids, count);
        return blob;
    }

    /// <summary>The content of a block and its count, after its frame was checked.</summary>
    public static ReadOnlySpan<byte> Open(SeenBlock block, byte content, out int count)
    {
        ReadOnlySpan<byte> blob = block.Blob;
        if (blob.Length < HeaderSize + CrcSize) throw Damaged(block, $"has {blob.Length} bytes");
        if (blob[0] != Format) throw Damaged(block, $"is of format {blob[0]}, this engine reads {Format}");
        if (BinaryPrimitives.ReadUInt32LittleEndian(blob[^CrcSize..]) != Crc32C(blob[..^CrcSize])) throw Damaged(block, "has a wrong checksum");
        if (blob[1] != content) throw Damaged(block, $"has content {blob[1]} where {content} belongs");
        count = BinaryPrimitives.ReadInt32LittleEndian(blob[2..]);
        return blob[HeaderSize..^CrcSize];
    }

    /// <summary>The identities of a block, in the order they were written.</summary>
    public static EventIdentity[] ReadIdentities(SeenBlock block)
    {
        ReadOnlySpan<byte> content = Open(block, Identities, out int count);
        if (content.Length != (long)IdentitySize * count) throw Damaged(block, $"says {count} identities and holds {content.Length} bytes");
        var identities = new EventIdentity[count];
        for (int i = 0; i < count; i++, content = content[IdentitySize..])
            identities[i] = new EventIdentity(BinaryPrimitives.ReadUInt64LittleEndian(content), BinaryPrimitives.ReadUInt64LittleEndian(content[8..]));
        return identities;
    }

    public static InvalidDataException Damaged(SeenBlock block, string why)
        => new($"The dedupe block of partition {block.Partition}, {block.Kind}, key {block.Key} {why}.");

    private static void Seal(Span<byte> blob, byte content, int count)
    {
        blob[0] = Format;
        blob[1] = content;
        BinaryPrimitives.WriteInt32LittleEndian(blob[2..], count);
        BinaryPrimitives.WriteUInt32LittleEndian(blob[^CrcSize..], Crc32C(blob[..^CrcSize]));
    }

    private static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(data)) crc = BitOperations.Crc32C(crc, word);
        foreach (byte rest in data[(data.Length & ~7)..]) crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}
