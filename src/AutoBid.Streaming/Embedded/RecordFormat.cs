using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace AutoBid.Streaming.Embedded;

/// <summary>
/// One record, little-endian: magic u32, body length u32, CRC-32C of the body u32; body: topic u8, zero u8, partition u16, key length u16, zero u16,
/// offset i64, append time i64 (UTC ticks), key, payload. The magic only serves to find the next record behind a damaged one.
/// </summary>
internal static class RecordFormat
{
    /// <summary>FF and "ABR": FF never occurs in UTF-8.</summary>
    public const uint Magic = 0x524241FF;

    public const int PrefixSize = 12;
    public const int BodyHeaderSize = 24;
    public const int HeaderSize = PrefixSize + BodyHeaderSize;
    public const int MaxBody = 4 << 20;

    /// <summary>Fills in everything but offset, time and CRC, which the writer knows.</summary>
    public static void WriteHeader(Span<byte> record, byte topic, int partition, int keyLength)
    {
        record[..HeaderSize].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(record, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], record.Length - PrefixSize);
        record[12] = topic;
        BinaryPrimitives.WriteUInt16LittleEndian(record[14..], (ushort)partition);
        BinaryPrimitives.WriteUInt16LittleEndian(record[16..], (ushort)keyLength);
    }

    public static void Seal(Span<byte> record, long offset, long timeTicks)
    {
        BinaryPrimitives.WriteInt64LittleEndian(record[20..], offset);
        BinaryPrimitives.WriteInt64LittleEndian(record[28..], timeTicks);
        BinaryPrimitives.WriteUInt32LittleEndian(record[8..], Crc32C(record[PrefixSize..]));
    }

    public static int BodyLength(ReadOnlySpan<byte> prefix) => BinaryPrimitives.ReadInt32LittleEndian(prefix[4..]);

    public static byte TopicId(ReadOnlySpan<byte> record) => record[12];

    public static int Partition(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16LittleEndian(record[14..]);

    public static long Offset(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[20..]);

    public static long TimeTicks(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[28..]);

    public static ReadOnlySpan<byte> Key(ReadOnlySpan<byte> record) => record.Slice(HeaderSize, KeyLength(record));

    public static ReadOnlySpan<byte> Payload(ReadOnlySpan<byte> record) => record[(HeaderSize + KeyLength(record))..];

    public static bool HasValidPrefix(ReadOnlySpan<byte> prefix)
        => BinaryPrimitives.ReadUInt32LittleEndian(prefix) == Magic && BodyLength(prefix) is >= BodyHeaderSize and <= MaxBody;

    public static bool IsIntact(ReadOnlySpan<byte> record)
        => BinaryPrimitives.ReadUInt32LittleEndian(record[8..]) == Crc32C(record[PrefixSize..])
            && TopicId(record) < TopicIds.Count && HeaderSize + KeyLength(record) <= record.Length;

    public static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(data)) crc = BitOperations.Crc32C(crc, word);
        foreach (byte rest in data[(data.Length & ~7)..]) crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }

    private static int KeyLength(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16LittleEndian(record[16..]);
}
