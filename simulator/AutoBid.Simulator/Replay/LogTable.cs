using System.Globalization;

namespace AutoBid.Simulator.Replay;

/// <summary>A delimited log: finds its columns, hands out the fields of one row after the other, and says where something is wrong.</summary>
internal sealed class LogTable : IDisposable
{
    private readonly LogLines _lines;
    private readonly LogFields _fields;
    private string[]? _header;
    private byte[] _copy = new byte[512];
    private int _length;
    private int _fewest;

    public LogTable(string path, byte delimiter)
    {
        _lines = new LogLines(path);
        _fields = new LogFields(delimiter);
    }

    public string Path => _lines.Path;

    /// <summary>1-based line of the current row.</summary>
    public long Line { get; private set; }

    public long BytesRead => _lines.BytesRead;

    private ReadOnlySpan<byte> Current => _copy.AsSpan(0, _length);

    /// <summary>Reads the header; a byte order mark is skipped.</summary>
    public void ReadHeader()
    {
        if (!_lines.TryRead(out ReadOnlySpan<byte> line)) throw new LogFormatException(Path, 1, null, "the file is empty; a header line is needed");
        Line = 1;
        if (line.StartsWith("\uFEFF"u8)) line = line[3..];
        if (!_fields.TrySplit(line)) throw new LogFormatException(Path, 1, null, "a quoted field does not end");
        _header = _fields.Names(line);
        _fewest = _header.Length;
    }

    /// <summary>Position of a named column; rows must then have exactly the header's fields.</summary>
    public int Find(string column)
    {
        int at = Array.IndexOf(_header!, column);
        if (at < 0) throw new LogFormatException(Path, 1, column, "the header has no such column");
        if (Array.IndexOf(_header!, column, at + 1) >= 0) throw new LogFormatException(Path, 1, column, "the header has this column twice");
        return at;
    }

    /// <summary>Position of a column by its 1-based number, in a file without header; rows need at least as many fields.</summary>
    public int Find(int number)
    {
        _fewest = Math.Max(_fewest, number);
        return number - 1;
    }

    /// <summary>Moves to the next row. Empty lines are allowed at the end only.</summary>
    public bool Read()
    {
        if (!_lines.TryRead(out ReadOnlySpan<byte> line)) return false;
        Line = _lines.Line;
        if (line.IsEmpty)
        {
            while (_lines.TryRead(out line))
            {
                if (!line.IsEmpty) throw new LogFormatException(Path, Line, null, "the line is empty");
            }

            return false;
        }

        if (line.Length > _copy.Length) _copy = new byte[LogLines.LongestLine + 1];
        line.CopyTo(_copy);
        _length = line.Length;
        if (!_fields.TrySplit(line)) throw new LogFormatException(Path, Line, NameOf(_fields.Count), "a quoted field does not end");
        if (_fields.Count < _fewest) throw new LogFormatException(Path, Line, NameOf(_fields.Count), $"the row has {_fields.Count} fields, {_fewest} are needed");
        if (_header is not null && _fields.Count > _fewest) throw new LogFormatException(Path, Line, null, $"the row has {_fields.Count} fields, the header {_fewest}");
        return true;
    }

    public ReadOnlySpan<byte> Field(int column) => _fields.Of(Current, column);

    /// <summary>A finite number in [lowest, highest].</summary>
    public double Number(int column, double lowest, double highest)
    {
        ReadOnlySpan<byte> text = Field(column);
        if (!LogNumbers.TryDouble(text, out double value)) throw Error(column, $"{LogNumbers.Shown(text)} is not a number");
        if (!double.IsFinite(value)) throw Error(column, $"{LogNumbers.Shown(text)} is not a finite number");
        if (value < lowest) throw Error(column, string.Create(CultureInfo.InvariantCulture, $"{LogNumbers.Shown(text)} is below {lowest}"));
        if (value > highest) throw Error(column, string.Create(CultureInfo.InvariantCulture, $"{LogNumbers.Shown(text)} is above {highest}"));
        return value;
    }

    /// <summary>A whole number in lowest..highest.</summary>
    public int Integer(int column, int lowest, int highest)
    {
        ReadOnlySpan<byte> text = Field(column);
        if (!LogNumbers.TryInteger(text, out long value)) throw Error(column, $"{LogNumbers.Shown(text)} is not a whole number");
        if (value < lowest || value > highest)
            throw Error(column, highest == int.MaxValue ? $"{LogNumbers.Shown(text)} is not {lowest} or more" : $"{LogNumbers.Shown(text)} is not in {lowest} to {highest}");
        return (int)value;
    }

    /// <summary>An error at the current row.</summary>
    public LogFormatException Error(int column, string what) => new(Path, Line, NameOf(column), what);

    public void Dispose() => _lines.Dispose();

    private string NameOf(int column)
        => _header is not null && column < _header.Length ? _header[column] : (column + 1).ToString(CultureInfo.InvariantCulture);
}
