namespace AutoBid.Simulator.Replay;

/// <summary>A log that cannot be read as what it should be. The message names the file and, where there are such, line and column.</summary>
public sealed class LogFormatException : Exception
{
    public LogFormatException(string file, long line, string? column, string what, Exception? inner = null)
        : base($"{file}{(line > 0 ? $", line {line}" : "")}{(column is null ? "" : $", column {column}")}: {what}", inner)
    {
        File = file;
        Line = line;
        Column = column;
    }

    public string File { get; }

    /// <summary>1-based, the header counted; 0: the file as a whole.</summary>
    public long Line { get; }

    /// <summary>Name from the header (or the column's number); null: the line as a whole.</summary>
    public string? Column { get; }
}
