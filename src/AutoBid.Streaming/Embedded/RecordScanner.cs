using Microsoft.Win32.SafeHandles;

namespace AutoBid.Streaming.Embedded;

/// <summary>
/// Walks the records of one segment through a sliding window. What is not a valid record is skipped up to the next valid one and counted:
/// damage in the middle must not hide what follows it.
/// </summary>
internal sealed class RecordScanner(Segment segment) : IDisposable
{
    private const int Window = 256 * 1024;

    private readonly SafeFileHandle _file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    private byte[] _buffer = new byte[Window];
    private long _bufferStart;
    private int _buffered;

    /// <summary>File position of the next byte to look at.</summary>
    public long Position { get; private set; } = segment.DataStart;

    /// <summary>Bytes in front of a valid record that were none themselves.</summary>
    public long SkippedBytes { get; private set; }

    /// <summary>The next valid record that ends at or before <paramref name="limit"/>, without going past it. The span lives until the next call.</summary>
    public bool TryPeek(long limit, out ReadOnlySpan<byte> record)
    {
        long from = Position;
        for (long at = from; at + RecordFormat.HeaderSize <= limit;)
        {
            ReadOnlySpan<byte> prefix = Bytes(at, RecordFormat.PrefixSize, limit);
            if (RecordFormat.HasValidPrefix(prefix))
            {
                int length = RecordFormat.PrefixSize + RecordFormat.BodyLength(prefix);
                if (at + length <= limit)
                {
                    record = Bytes(at, length, limit);
                    if (RecordFormat.IsIntact(record))
                    {
                        SkippedBytes += at - from;
                        Position = at;
                        return true;
                    }
                }
            }

            at = NextMagic(at + 1, limit);
        }

        record = default;
        return false;
    }

    /// <summary>Goes past the record that <see cref="TryPeek"/> showed.</summary>
    public void Advance(ReadOnlySpan<byte> record) => Position += record.Length;

    public void Dispose() => _file.Dispose();

    private long NextMagic(long at, long limit)
    {
        while (at + RecordFormat.PrefixSize <= limit)
        {
            ReadOnlySpan<byte> bytes = Bytes(at, (int)Math.Min(Window, limit - at), limit);
            int found = bytes.IndexOf((byte)(RecordFormat.Magic & 0xFF));
            if (found >= 0) return at + found;
            at += bytes.Length;
        }

        return limit;
    }

    private ReadOnlySpan<byte> Bytes(long at, int count, long limit)
    {
        if (at < _bufferStart || at + count > _bufferStart + _buffered)
        {
            if (_buffer.Length < count) _buffer = new byte[count];
            else if (_buffer.Length > Window && count <= Window) _buffer = new byte[Window];
            _bufferStart = at;
            _buffered = 0;
            int wanted = (int)Math.Min(_buffer.Length, limit - at);
            while (_buffered < wanted)
            {
                int read = RandomAccess.Read(_file, _buffer.AsSpan(_buffered, wanted - _buffered), at + _buffered);
                if (read == 0) throw new InvalidDataException($"{segment.Path} ends at {at + _buffered}, {limit} bytes were expected");
                _buffered += read;
            }
        }

        return _buffer.AsSpan((int)(at - _bufferStart), count);
    }
}
