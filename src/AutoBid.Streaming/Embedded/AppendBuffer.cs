using System.Buffers;
using System.Text;

namespace AutoBid.Streaming.Embedded;

/// <summary>The records of one append, encoded by the caller's thread; the writer adds offsets, times and checksums.</summary>
internal sealed class AppendBuffer : IBufferWriter<byte>
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(4096);
    private int _recordStart;
    private int _keyLength;

    public TaskCompletionSource Durable { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Count { get; private set; }

    public int Length { get; private set; }

    public Span<byte> Written => _bytes.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, Length);

    /// <summary>Starts a record; its payload is what is written until <see cref="EndRecord"/>.</summary>
    public void BeginRecord(ReadOnlySpan<byte> key)
    {
        _recordStart = Length;
        _keyLength = key.Length;
        Span<byte> head = GetSpan(RecordFormat.HeaderSize + key.Length);
        key.CopyTo(head[RecordFormat.HeaderSize..]);
        Advance(RecordFormat.HeaderSize + key.Length);
    }

    public void BeginRecord(string key)
    {
        Span<byte> utf8 = stackalloc byte[1024];
        BeginRecord(utf8[..Encoding.UTF8.GetBytes(key, utf8)]);
    }

    /// <summary>Ends the record and returns its payload.</summary>
    public ReadOnlySpan<byte> EndRecord(byte topic, int partition)
    {
        Span<byte> record = _bytes.AsSpan(_recordStart, Length - _recordStart);
        if (record.Length - RecordFormat.PrefixSize > RecordFormat.MaxBody) throw new ArgumentException($"a record has at most {RecordFormat.MaxBody} bytes");
        RecordFormat.WriteHeader(record, topic, partition, _keyLength);
        Count++;
        return RecordFormat.Payload(record);
    }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Length);
    }

    /// <summary>Gives the bytes back; nothing may be read after it.</summary>
    public void Release()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Reserve(int more)
    {
        more = Math.Max(more, 256);
        if (_bytes.Length - Length >= more) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(checked(Math.Max(_bytes.Length * 2, Length + more)));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
