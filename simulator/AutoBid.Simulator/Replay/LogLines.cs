namespace AutoBid.Simulator.Replay;

/// <summary>The lines of a log file. The next block is read (and unpacked) on another thread while the lines of this one are taken.</summary>
internal sealed class LogLines : IDisposable
{
    /// <summary>Longest line, bytes.</summary>
    public const int LongestLine = 1 << 16;

    private const int BlockBytes = 1 << 20;

    private readonly LogBytes _bytes;

    // Each block leaves room in front of it for the line that the block before it broke off in.
    private byte[] _block = new byte[LongestLine + BlockBytes];
    private byte[] _spare = new byte[LongestLine + BlockBytes];
    private Task<int>? _ahead;
    private int _at;
    private int _end;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    public LogLines(string path)
    {
        Path = path;
        _bytes = new LogBytes(path);
        ReadAhead();
    }

    public string Path { get; }

    /// <summary>1-based number of the line returned last; 0 before the first.</summary>
    public long Line { get; private set; }

    /// <summary>Bytes of the file read so far, those ahead of the lines included.</summary>
    public long BytesRead => _bytes.Position;

    /// <summary>The next line without its end; valid until the next call. False at the end of the file; an empty line after the last end does not count.</summary>
    public bool TryRead(out ReadOnlySpan<byte> line)
    {
        while (true)
        {
            ReadOnlySpan<byte> rest = _block.AsSpan(_at, _end - _at);
            int end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                if (rest.Length > LongestLine) throw new LogFormatException(Path, Line + 1, null, $"the line is longer than {LongestLine} bytes");
                if (TryFill()) continue;
                end = rest.Length;
                if (end == 0)
                {
                    line = default;
                    return false;
                }
            }

            Line++;
            line = rest[..end];
            if (line is [.., (byte)'\r']) line = line[..^1];
            _at = Math.Min(_at + end + 1, _end);
            return true;
        }
    }

    public void Dispose()
    {
        try
        {
            _ahead?.Wait();
        }
        catch (AggregateException)
        {
            // Nobody wants this block any more.
        }

        _bytes.Dispose();
    }

    private bool TryFill()
    {
        if (_ahead is null) return false;
        int read;
        try
        {
            read = _ahead.GetAwaiter().GetResult();
        }
        catch (InvalidDataException error)
        {
            _ahead = null;
            throw new LogFormatException(Path, Line + 1, null, error.Message, error);
        }

        _ahead = null;
        if (read == 0) return false;
        int left = _end - _at;
        _block.AsSpan(_at, left).CopyTo(_spare.AsSpan(LongestLine - left));
        (_block, _spare) = (_spare, _block);
        _at = LongestLine - left;
        _end = LongestLine + read;
        ReadAhead();
        return true;
    }

    private void ReadAhead()
    {
        byte[] into = _spare;
        _ahead = Task.Run(() => _bytes.Fill(into.AsSpan(LongestLine, BlockBytes)));
    }
}
