using AutoBid.Simulator.Replay;

namespace AutoBid.Simulator.Tests.Replay;

/// <summary>A log in memory; its "line" is the index of the row plus 1.</summary>
internal sealed class ListLog(IReadOnlyList<ReplayRow> rows, bool hasOutcomes = true) : IReplayLog
{
    private int _next;

    public long BytesRead => _next;

    public bool HasOutcomes => hasOutcomes;

    public bool Read(ref ReplayRow row)
    {
        if (_next == rows.Count) return false;
        row = rows[_next++];
        return true;
    }

    public string NameOf(int advertiser) => $"a{advertiser}";

    public LogFormatException Error(ReplayField field, string what) => new("list", _next, field.ToString(), what);

    public void Dispose()
    {
    }
}
