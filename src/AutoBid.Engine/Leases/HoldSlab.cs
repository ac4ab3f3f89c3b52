namespace AutoBid.Engine.Leases;

/// <summary>
/// Holds in segments of 8 cells, and the directories that say which segment a lease's sequence numbers lie in. Changed under the lease desk's lock
/// only; bid threads read directories and write cells without it. A segment is given back when its 8 holds were written and have ended, wherever it
/// lies: writing the hold is the last that a bid thread does with a cell, so nobody comes back to it and it can be used again at once.
/// </summary>
internal sealed class HoldSlab
{
    /// <summary>Cells of a segment.</summary>
    public const int SegmentCells = 1 << SegmentShift;

    public const int SegmentShift = 3;

    private const int SmallestDirectoryLog = 2;
    private const int LargestDirectoryLog = 26;

    // A directory is named by its place, in units of the smallest one, and log2 of its capacity, in one word so that both are read at once.
    private const int LogBits = 5;
    private const int LogMask = (1 << LogBits) - 1;

    private readonly ChunkedSlab<Hold> _cells = new();
    private readonly ChunkedSlab<byte> _ended = new();
    private readonly ChunkedSlab<int> _directories = new();
    private readonly Stack<int> _freeSegments = new();
    private readonly Stack<int>[] _freeDirectories = new Stack<int>[LargestDirectoryLog + 1];

    public HoldSlab()
    {
        // Segment 0 is never used: 0 in a directory says that there is none.
        _cells.Take(SegmentCells);
        _ended.Take(1);
    }

    /// <summary>Memory taken for cells and directories, used or free.</summary>
    public long AllocatedBytes => _cells.AllocatedBytes + _ended.AllocatedBytes + _directories.AllocatedBytes;

    /// <summary>Segments that a directory has room for.</summary>
    public static long CapacityOf(int directory) => 1L << (directory & LogMask);

    /// <summary>The segment of the lease's <paramref name="number"/>-th 8 sequence numbers; 0: given back.</summary>
    public ref int Entry(int directory, long number)
        => ref _directories[((long)(uint)directory >> LogBits << SmallestDirectoryLog) + (number & (CapacityOf(directory) - 1))];

    /// <summary>The cell of a sequence number in its segment.</summary>
    public ref Hold Cell(int segment, long seq) => ref _cells[((long)segment << SegmentShift) + (seq & (SegmentCells - 1))];

    /// <summary>How many holds of a segment have ended.</summary>
    public ref byte Ended(int segment) => ref _ended[segment];

    /// <summary>A zeroed segment.</summary>
    public int RentSegment()
    {
        if (_freeSegments.TryPop(out int segment)) return segment;
        segment = checked((int)(_cells.Take(SegmentCells) >> SegmentShift));
        _ended.Take(1);
        return segment;
    }

    public void FreeSegment(int segment)
    {
        for (int i = 0; i < SegmentCells; i++) Cell(segment, i) = default;
        Ended(segment) = 0;
        _freeSegments.Push(segment);
    }

    /// <summary>A zeroed directory for at least so many segments.</summary>
    public int RentDirectory(long segments)
    {
        int log = Math.Max(SmallestDirectoryLog, System.Numerics.BitOperations.Log2((ulong)Math.Max(segments - 1, 1)) + 1);
        if (log > LargestDirectoryLog) throw new InvalidOperationException("More than a billion open holds under one lease.");
        if (_freeDirectories[log] is not { Count: > 0 } free)
        {
            long place = _directories.Take(1L << log) >> SmallestDirectoryLog;
            return place < 1L << (32 - LogBits) ? (int)(uint)(place << LogBits) | log : throw new InvalidOperationException("More than 8 billion open holds.");
        }

        int directory = free.Pop();
        for (long i = 0; i < CapacityOf(directory); i++) Entry(directory, i) = 0;
        return directory;
    }

    public void FreeDirectory(int directory)
    {
        int log = directory & LogMask;
        (_freeDirectories[log] ??= new Stack<int>()).Push(directory);
    }
}
