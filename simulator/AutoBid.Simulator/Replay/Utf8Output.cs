using System.Globalization;
using System.Numerics;

namespace AutoBid.Simulator.Replay;

/// <summary>A byte buffer in front of a stream that numbers are formatted straight into.</summary>
/// <param name="size">Bytes; longer than anything written at once.</param>
internal sealed class Utf8Output(Stream stream, int size = 1 << 20)
{
    private const int LongestNumber = 32;

    private readonly byte[] _buffer = new byte[size];
    private int _at;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_at));
        _at += bytes.Length;
    }

    /// <summary>A number, shortest text that reads back the same, and a comma.</summary>
    public void Field<T>(T number)
        where T : struct, IUtf8SpanFormattable, INumberBase<T>
    {
        Reserve(LongestNumber + 1);
        // Most costs of a log are exactly 0.
        if (T.IsZero(number)) _buffer[_at++] = (byte)'0';
        else
        {
            number.TryFormat(_buffer.AsSpan(_at), out int written, default, CultureInfo.InvariantCulture);
            _at += written;
        }

        _buffer[_at++] = (byte)',';
    }

    /// <summary>0 or 1 and what follows it.</summary>
    public void Flag(bool set, char then = ',')
    {
        Reserve(2);
        _buffer[_at++] = (byte)(set ? '1' : '0');
        _buffer[_at++] = (byte)then;
    }

    public void Flush()
    {
        stream.Write(_buffer, 0, _at);
        _at = 0;
    }

    private void Reserve(int bytes)
    {
        if (_at + bytes > _buffer.Length) Flush();
    }
}
