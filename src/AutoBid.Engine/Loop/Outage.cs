using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Loop;

/// <summary>
/// What the loop needs from outside, the store or the log, and whether it answers. After a failure it is left alone for a moment, so that a loop whose store
/// is gone goes on reading, deciding and publishing, and one whose log is gone goes on deciding and leasing. Owned by the loop's thread.
/// </summary>
public sealed class Outage(string name, TimeProvider monotonic, EngineMetrics metrics)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private long _failedAt;
    private TimeSpan _pause;
    private volatile string? _reason;

    /// <summary>Why it does not answer; null: it does. Any thread.</summary>
    public string? Reason => _reason;

    /// <summary>False while it is left alone.</summary>
    public bool MayTry => _reason is null || monotonic.GetElapsedTime(_failedAt) >= _pause;

    public void Failed(Exception error)
    {
        metrics.CountOutage(name);
        _failedAt = monotonic.GetTimestamp();
        _pause = _reason is null ? ShortestPause : TimeSpan.FromTicks(Math.Min(2 * _pause.Ticks, LongestPause.Ticks));
        _reason = error.Message;
    }

    public void Answered() => _reason = null;

    /// <summary>True for what a dependency throws while it cannot be used; anything else is a defect and ends the loop.</summary>
    public static bool Is(Exception error) => error is StoreUnavailableException or EventLogUnavailableException;
}
