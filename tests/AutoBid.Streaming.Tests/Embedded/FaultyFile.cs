using AutoBid.Streaming.Embedded;

namespace AutoBid.Streaming.Tests.Embedded;

/// <summary>A file on a disk that can be full: then it takes only half of what is written, as a real one does.</summary>
internal sealed class FaultyFile(string path, Func<bool> full) : ILogFile
{
    private readonly LogFile _file = new(path);

    public void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long position)
    {
        if (!full())
        {
            _file.Write(buffers, position);
            return;
        }

        byte[] all = [.. buffers.SelectMany(buffer => buffer.ToArray())];
        _file.Write([all.AsMemory(0, all.Length / 2)], position);
        throw new IOException("No space left on device");
    }

    public void Flush() => _file.Flush();

    public void SetLength(long length)
    {
        // Cutting back fails as well: recovery has to cope with the leftovers.
        if (full()) throw new IOException("Input/output error");
        _file.SetLength(length);
    }

    public void Dispose() => _file.Dispose();
}
