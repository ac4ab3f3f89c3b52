using System.Globalization;

namespace AutoBid.Simulator.Export;

/// <summary>One line of a CSV file, built in place. Numbers are the shortest that read back as themselves.</summary>
internal sealed class CsvRow
{
    private byte[] _line = new byte[4096];
    private int _length;

    public CsvRow Field(long number)
    {
        Room(24);
        number.TryFormat(_line.AsSpan(_length), out int written, provider: CultureInfo.InvariantCulture);
        _length += written;
        return Comma();
    }

    public CsvRow Field(float number)
    {
        Number(number);
        return Comma();
    }

    public CsvRow Field(ReadOnlySpan<byte> text)
    {
        Room(text.Length + 1);
        text.CopyTo(_line.AsSpan(_length));
        _length += text.Length;
        return Comma();
    }

    /// <summary>A Python tuple in quotes. The line must be empty.</summary>
    public byte[] Tuple(ReadOnlySpan<float> numbers)
    {
        Room(2);
        _line[_length++] = (byte)'"';
        _line[_length++] = (byte)'(';
        for (int i = 0; i < numbers.Length; i++)
        {
            if (i > 0)
            {
                Room(2);
                _line[_length++] = (byte)',';
                _line[_length++] = (byte)' ';
            }

            Number(numbers[i]);
        }

        Room(2);
        _line[_length++] = (byte)')';
        _line[_length++] = (byte)'"';
        byte[] text = _line.AsSpan(0, _length).ToArray();
        _length = 0;
        return text;
    }

    /// <summary>Writes the line and begins a new one.</summary>
    public void End(Stream stream)
    {
        _line[_length - 1] = (byte)'\n';
        stream.Write(_line, 0, _length);
        _length = 0;
    }

    private void Number(float number)
    {
        Room(32);
        number.TryFormat(_line.AsSpan(_length), out int written, provider: CultureInfo.InvariantCulture);
        _length += written;
    }

    private CsvRow Comma()
    {
        Room(1);
        _line[_length++] = (byte)',';
        return this;
    }

    private void Room(int bytes)
    {
        if (_length + bytes > _line.Length) Array.Resize(ref _line, 2 * _line.Length + bytes);
    }
}
