using System.Numerics;
using System.Runtime.Intrinsics;
using System.Text;

namespace AutoBid.Simulator.Replay;

/// <summary>Splits lines of delimited text into fields. A field that starts with a quotation mark ends at the closing one ("" inside stands for one), except
/// between tabs, where quotation marks are text. Reused from line to line.</summary>
internal sealed class LogFields(byte delimiter)
{
    private readonly bool _quotes = delimiter != (byte)'\t';
    private int[] _starts = new int[32];
    private int[] _ends = new int[32];

    /// <summary>Fields of the line split last.</summary>
    public int Count { get; private set; }

    /// <summary>False: a quoted field does not end where it should.</summary>
    public bool TrySplit(ReadOnlySpan<byte> line)
    {
        Count = 0;
        if (!_quotes || !line.Contains((byte)'"'))
        {
            SplitPlain(line);
            return true;
        }

        int at = 0;
        while (true)
        {
            int start = at, end, next;
            if (at < line.Length && line[at] == (byte)'"')
            {
                end = ClosingQuote(line, ++start);
                next = end + 1;
                if (end < 0 || (next < line.Length && line[next] != delimiter)) return false;
            }
            else
            {
                int length = line[at..].IndexOf(delimiter);
                next = end = length < 0 ? line.Length : at + length;
            }

            Add(start, end);
            if (next >= line.Length) return true;
            at = next + 1;
        }
    }

    /// <summary>A field of the line that was split last, without the quotation marks around it.</summary>
    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> line, int field)
    {
        ReadOnlySpan<byte> text = line[_starts[field].._ends[field]];
        return text is [(byte)'"', .., (byte)'"'] ? text[1..^1] : text;
    }

    /// <summary>All fields as text, for headers.</summary>
    public string[] Names(ReadOnlySpan<byte> line)
    {
        var names = new string[Count];
        for (int i = 0; i < Count; i++) names[i] = Encoding.UTF8.GetString(Of(line, i)).Trim();
        return names;
    }

    // Fields are a few bytes long: one look at 32 bytes finds several delimiters.
    private void SplitPlain(ReadOnlySpan<byte> line)
    {
        int start = 0, at = 0;
        var wanted = Vector256.Create(delimiter);
        for (; at <= line.Length - Vector256<byte>.Count; at += Vector256<byte>.Count)
        {
            uint found = Vector256.Equals(Vector256.Create(line[at..]), wanted).ExtractMostSignificantBits();
            for (; found != 0; found &= found - 1)
            {
                int end = at + BitOperations.TrailingZeroCount(found);
                Add(start, end);
                start = end + 1;
            }
        }

        for (; at < line.Length; at++)
        {
            if (line[at] != delimiter) continue;
            Add(start, at);
            start = at + 1;
        }

        Add(start, line.Length);
    }

    private void Add(int start, int end)
    {
        if (Count == _starts.Length)
        {
            Array.Resize(ref _starts, 2 * Count);
            Array.Resize(ref _ends, 2 * Count);
        }

        _starts[Count] = start;
        _ends[Count++] = end;
    }

    private static int ClosingQuote(ReadOnlySpan<byte> line, int from)
    {
        for (int i = from; i < line.Length; i++)
        {
            if (line[i] != (byte)'"') continue;
            if (i + 1 < line.Length && line[i + 1] == (byte)'"') i++;
            else return i;
        }

        return -1;
    }
}
