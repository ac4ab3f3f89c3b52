using System.Buffers.Binary;
using System.Globalization;

namespace AutoBid.Streaming.Embedded;

/// <summary>
/// One file of the log. Its header repeats the next offset of every partition at the file's start, so that only the last file is scanned on open and
/// readers find their place without an index. Segments form a list: a reader that has finished one goes on at <see cref="Next"/>.
/// </summary>
internal sealed class Segment
{
    private const uint Magic = 0x474C4241; // "ABLG"
    private const ushort FormatVersion = 1;
    private const int FixedSize = 28;
    private const string Extension = ".log";

    private Segment? _next;

    private Segment(string path, long index, int partitions, long createdTicks, long[] baseOffsets)
    {
        Path = path;
        Index = index;
        Partitions = partitions;
        CreatedTicks = createdTicks;
        BaseOffsets = baseOffsets;
        DataStart = HeaderSize(baseOffsets.Length);
        Length = DataStart;
        LastTimeTicks = createdTicks;
    }

    public string Path { get; }

    public long Index { get; }

    public int Partitions { get; }

    public long CreatedTicks { get; }

    /// <summary>Next offset of each (topic id, partition) before the first record, at topic x partitions + partition.</summary>
    public long[] BaseOffsets { get; }

    public long DataStart { get; }

    /// <summary>End of the valid records. Final once <see cref="Next"/> is set; before that only the writer uses it.</summary>
    public long Length { get; set; }

    /// <summary>Append time of the last record.</summary>
    public long LastTimeTicks { get; set; }

    /// <summary>Set after <see cref="Length"/> became final, and read before it.</summary>
    public Segment? Next
    {
        get => Volatile.Read(ref _next);
        set => Volatile.Write(ref _next, value);
    }

    public static Segment Create(string directory, long index, int partitions, long createdTicks, long[] baseOffsets)
        => new(System.IO.Path.Combine(directory, index.ToString("D12", CultureInfo.InvariantCulture) + Extension), index, partitions, createdTicks, (long[])baseOffsets.Clone());

    /// <summary>Paths of the segments in a folder, oldest first.</summary>
    public static List<string> List(string directory)
        => [.. Directory.EnumerateFiles(directory, "*" + Extension).Where(path => long.TryParse(System.IO.Path.GetFileNameWithoutExtension(path), out _)).Order(StringComparer.Ordinal)];

    /// <summary>Reads a file's header; null when the header is torn or damaged.</summary>
    public static Segment? TryOpen(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> start = stackalloc byte[FixedSize];
        if (RandomAccess.Read(file, start, 0) < FixedSize || BinaryPrimitives.ReadUInt32LittleEndian(start) != Magic) return null;
        if (BinaryPrimitives.ReadUInt16LittleEndian(start[4..]) is var version and not FormatVersion)
            throw new InvalidDataException($"{path} has format {version}, this program reads {FormatVersion}");
        int partitions = BinaryPrimitives.ReadUInt16LittleEndian(start[6..]);
        int topics = BinaryPrimitives.ReadUInt16LittleEndian(start[8..]);
        if (topics != TopicIds.Count || partitions == 0) return null;

        byte[] header = new byte[HeaderSize(topics * partitions)];
        if (RandomAccess.Read(file, header, 0) < header.Length) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(^4..)) != RecordFormat.Crc32C(header.AsSpan(..^4))) return null;
        long[] offsets = new long[topics * partitions];
        for (int i = 0; i < offsets.Length; i++) offsets[i] = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(FixedSize + 8 * i));
        return new Segment(
            path, BinaryPrimitives.ReadInt64LittleEndian(start[12..]), partitions, BinaryPrimitives.ReadInt64LittleEndian(start[20..]), offsets)
        {
            Length = RandomAccess.GetLength(file),
            LastTimeTicks = File.GetLastWriteTimeUtc(path).Ticks,
        };
    }

    public byte[] Header()
    {
        byte[] header = new byte[DataStart];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), FormatVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), (ushort)Partitions);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), TopicIds.Count);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(12), Index);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(20), CreatedTicks);
        for (int i = 0; i < BaseOffsets.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(FixedSize + 8 * i), BaseOffsets[i]);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(^4..), RecordFormat.Crc32C(header.AsSpan(..^4)));
        return header;
    }

    private static int HeaderSize(int offsets) => FixedSize + 8 * offsets + 4;
}
