namespace AutoBid.Streaming.Embedded;

/// <summary>The writes of one segment file; a seam, so that full disks and torn writes can be tested.</summary>
internal interface ILogFile : IDisposable
{
    void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long position);

    /// <summary>Returns when what was written survives a power cut.</summary>
    void Flush();

    void SetLength(long length);
}
