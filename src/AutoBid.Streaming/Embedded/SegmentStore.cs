using AutoBid.Streaming.Diagnostics;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Embedded;

/// <summary>
/// The files of the embedded log. One thread commits; any thread may read <see cref="Durable"/> and <see cref="First"/>.
/// Invariant: every record below <see cref="Durable"/> is complete, checksummed and, with fsync, on the disk.
/// </summary>
internal sealed class SegmentStore : IDisposable
{
    private readonly EventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<string, ILogFile> _open;
    private readonly FileStream _lock;
    private readonly List<ReadOnlyMemory<byte>> _gather = [];
    private DurableEnd _durable;
    private Segment _first;
    private Segment _active;
    private ILogFile _file;

    public SegmentStore(EventLogOptions options, TimeProvider time, ILogger logger, Func<string, ILogFile> open)
    {
        (_options, _time, _logger, _open) = (options, time, logger, open);
        Directory.CreateDirectory(options.Directory);
        _lock = TakeLock(Path.Combine(options.Directory, "lock"));
        try
        {
            List<Segment> segments = Open();
            long[] next;
            if (segments.Count == 0)
            {
                Partitions = options.Partitions;
                next = new long[TopicIds.Count * Partitions];
                _first = _active = Segment.Create(options.Directory, 0, Partitions, Now, next);
                _file = CreateFile(_active);
            }
            else
            {
                _first = segments[0];
                _active = segments[^1];
                Partitions = _active.Partitions;
                if (Partitions != options.Partitions)
                    _logger.LogWarning("the log in {Directory} has {Stored} partitions; the configured {Configured} are ignored", options.Directory, Partitions, options.Partitions);
                next = Recover(_active, out long tornBytes);
                TornBytes = tornBytes;
                _file = open(_active.Path);
                if (tornBytes > 0) _file.SetLength(_active.Length);
            }

            _durable = new DurableEnd(_active, _active.Length, next);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    public int Partitions { get; }

    /// <summary>Bytes of a torn tail that opening cut off.</summary>
    public long TornBytes { get; }

    public DurableEnd Durable => Volatile.Read(ref _durable);

    /// <summary>The oldest segment kept.</summary>
    public Segment First => Volatile.Read(ref _first);

    private long Now => _time.GetUtcNow().UtcTicks;

    /// <summary>Writes the appends in order and makes them durable together. On an exception none of them is, and the log is as before.</summary>
    public int Commit(IReadOnlyList<AppendBuffer> appends)
    {
        if (_active.Length >= _options.SegmentBytes) Roll();
        long[] next = (long[])_durable.Next.Clone();
        long now = Now, bytes = 0;
        int records = 0;
        _gather.Clear();
        foreach (AppendBuffer append in appends)
        {
            Seal(append.Written, next, now);
            _gather.Add(append.WrittenMemory);
            bytes += append.Length;
            records += append.Count;
        }

        try
        {
            _file.Write(_gather, _active.Length);
            if (_options.Fsync) _file.Flush();
        }
        catch
        {
            // Half a batch behind the durable end would be taken for a torn tail only until something valid follows it.
            CutBack();
            throw;
        }

        _active.Length += bytes;
        _active.LastTimeTicks = now;
        Volatile.Write(ref _durable, new DurableEnd(_active, _active.Length, next));
        return records;
    }

    /// <summary>Deletes old segments that the options no longer keep and that lie before <paramref name="readIndex"/>.</summary>
    public void Retain(long readIndex)
    {
        if (_options.RetainBytes is null && _options.RetainAge is null) return;
        long total = 0;
        for (Segment? segment = First; segment is not null; segment = segment.Next) total += segment.Length;
        long oldest = _options.RetainAge is { } age ? Now - age.Ticks : long.MinValue;
        while (First is var first && first != _active && first.Index < readIndex && (total > _options.RetainBytes || first.LastTimeTicks < oldest))
        {
            Volatile.Write(ref _first, first.Next!);
            total -= first.Length;
            File.Delete(first.Path);
            _logger.LogInformation("{Path} was deleted by retention", first.Path);
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }

    private static FileStream TakeLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"another process uses the event log ({path})", e);
        }
    }

    private void Seal(Span<byte> records, long[] next, long now)
    {
        while (!records.IsEmpty)
        {
            Span<byte> record = records[..(RecordFormat.PrefixSize + RecordFormat.BodyLength(records))];
            RecordFormat.Seal(record, next[RecordFormat.TopicId(record) * Partitions + RecordFormat.Partition(record)]++, now);
            records = records[record.Length..];
        }
    }

    private void CutBack()
    {
        try
        {
            _file.SetLength(_active.Length);
        }
        catch (IOException e)
        {
            // Recovery tells such leftovers by their offsets, which are used again.
            _logger.LogWarning(e, "{Path} could not be cut back to its durable end", _active.Path);
        }
    }

    private void Roll()
    {
        Segment fresh = Segment.Create(_options.Directory, _active.Index + 1, Partitions, Now, _durable.Next);
        ILogFile file = CreateFile(fresh);
        _file.Dispose();
        _file = file;
        _active.Next = fresh;
        _active = fresh;
    }

    private ILogFile CreateFile(Segment segment)
    {
        ILogFile file = _open(segment.Path);
        try
        {
            file.SetLength(0);
            file.Write([segment.Header()], 0);
            if (_options.Fsync)
            {
                file.Flush();
                DirectorySync.Flush(_options.Directory);
            }

            return file;
        }
        catch
        {
            file.Dispose();
            File.Delete(segment.Path);
            throw;
        }
    }

    private List<Segment> Open()
    {
        var segments = new List<Segment>();
        List<string> paths = Segment.List(_options.Directory);
        foreach ((int i, string path) in paths.Index())
        {
            Segment? segment = Segment.TryOpen(path);
            if (segment is null)
            {
                // A header is durable before the first record follows it: a torn one at the end never had any.
                bool neverUsed = i == paths.Count - 1 && new FileInfo(path).Length <= (segments.Count > 0 ? segments[^1].DataStart : 4096);
                if (!neverUsed) throw new InvalidDataException($"the header of {path} is damaged; move the file away to go on without its events");
                _logger.LogWarning("{Path} was being created when the process ended; it is removed", path);
                File.Delete(path);
                continue;
            }

            if (segments.Count > 0)
            {
                if (segment.Index != segments[^1].Index + 1) throw new InvalidDataException($"the segment before {path} is missing");
                segments[^1].Next = segment;
            }

            segments.Add(segment);
        }

        return segments;
    }

    private long[] Recover(Segment last, out long tornBytes)
    {
        long[] next = (long[])last.BaseOffsets.Clone();
        long fileLength = last.Length, end = last.DataStart, skipped = 0;
        using (var scanner = new RecordScanner(last))
        {
            while (scanner.TryPeek(fileLength, out ReadOnlySpan<byte> record))
            {
                int slot = RecordFormat.TopicId(record) * Partitions + RecordFormat.Partition(record);
                // Not ascending: left over from a batch that failed and could not be cut back. What was acknowledged later overwrote its start.
                if (RecordFormat.Partition(record) >= Partitions || RecordFormat.Offset(record) < next[slot]) break;
                next[slot] = RecordFormat.Offset(record) + 1;
                last.LastTimeTicks = RecordFormat.TimeTicks(record);
                scanner.Advance(record);
                end = scanner.Position;
                skipped = scanner.SkippedBytes;
            }
        }

        last.Length = end;
        tornBytes = fileLength - end;
        if (tornBytes > 0)
            _logger.LogWarning("{Path} ended with {Bytes} bytes that are no complete record (the process ended while writing); they are cut off at {End}", last.Path, tornBytes, end);
        if (skipped > 0)
            _logger.LogError("{Path} has {Bytes} damaged bytes between its records; they are skipped", last.Path, skipped);
        if (tornBytes > 0) StreamingMetrics.Damaged.Add(tornBytes);
        return next;
    }
}
