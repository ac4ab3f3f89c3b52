namespace AutoBid.Simulator.Replay;

/// <summary>A log that can be replayed: rows in order, each read once.</summary>
public interface IReplayLog : IDisposable
{
    /// <summary>Bytes of the file read so far.</summary>
    long BytesRead { get; }

    /// <summary>False: realised conversions drawn from predictions say nothing about this log and are not reported.</summary>
    bool HasOutcomes { get; }

    /// <summary>Fills the next row; false at the end.</summary>
    /// <exception cref="LogFormatException">The row cannot be used.</exception>
    bool Read(ref ReplayRow row);

    /// <summary>What the log calls an advertiser.</summary>
    string NameOf(int advertiser);

    /// <summary>An error at the row read last.</summary>
    LogFormatException Error(ReplayField field, string what);
}
