namespace AutoBid.Simulator.Replay;

/// <summary>A stream followed by some more bytes. Reads forward only; does not own the stream.</summary>
internal sealed class AppendedStream(Stream first, byte[] then) : Stream
{
    private int _at = -1;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (_at < 0)
        {
            int read = first.Read(buffer);
            if (read > 0 || buffer.IsEmpty) return read;
            _at = 0;
        }

        int count = Math.Min(buffer.Length, then.Length - _at);
        then.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
