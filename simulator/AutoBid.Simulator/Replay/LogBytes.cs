using System.IO.Compression;

namespace AutoBid.Simulator.Replay;

/// <summary>The bytes of a log file, unpacked where the file starts with gzip's mark. Fills blocks in order; used by one thread at a time.</summary>
internal sealed class LogBytes : IDisposable
{
    // The platform's gzip reader takes a file that breaks off for one that ended. So a member of our own is read after the file's last one: these bytes
    // come out at the end exactly when the file stopped at a member's end with its checksum intact.
    private static readonly byte[] EndMark = "\0autobid log end\0"u8.ToArray();

    private readonly FileStream _file;
    private readonly Stream _stream;
    private readonly byte[] _held = new byte[EndMark.Length];
    private readonly bool _isPacked;
    private int _heldCount;
    private bool _isAtEnd;
    private long _position;

    public LogBytes(string path)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
        Span<byte> magic = stackalloc byte[2];
        _isPacked = _file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1f, 0x8b];
        _file.Position = 0;
        _stream = _isPacked ? new GZipStream(new AppendedStream(_file, PackedEndMark()), CompressionMode.Decompress) : _file;
    }

    /// <summary>Bytes of the file (as it lies on disk) read so far; safe to ask from any thread.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Fills the whole of <paramref name="into"/>, or less at the end of the log; 0 when nothing is left.</summary>
    /// <exception cref="InvalidDataException">The gzip data is damaged or breaks off.</exception>
    public int Fill(Span<byte> into)
    {
        if (_isAtEnd) return 0;
        if (!_isPacked)
        {
            int read = _stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
            _isAtEnd = read < into.Length;
            Volatile.Write(ref _position, _file.Position);
            return read;
        }

        // The last bytes of every block are held back: they may turn out to be the end mark.
        _held.AsSpan(0, _heldCount).CopyTo(into);
        int count = _heldCount + Unpack(into[_heldCount..]);
        Volatile.Write(ref _position, Math.Min(_file.Position, _file.Length));
        _isAtEnd = count < into.Length;
        if (_isAtEnd)
        {
            if (!into[..count].EndsWith(EndMark)) throw new InvalidDataException("the gzip data breaks off, or is followed by something else");
            return count - EndMark.Length;
        }

        _heldCount = EndMark.Length;
        into[(count - _heldCount)..count].CopyTo(_held);
        return count - _heldCount;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _file.Dispose();
    }

    private int Unpack(Span<byte> into)
    {
        try
        {
            return _stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
        }
        catch (InvalidDataException error)
        {
            // The platform's own words speak of archive entries.
            throw new InvalidDataException("the gzip data is damaged or breaks off", error);
        }
    }

    private static byte[] PackedEndMark()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(EndMark);
        return packed.ToArray();
    }
}
