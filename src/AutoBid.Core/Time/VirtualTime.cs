namespace AutoBid.Core.Time;

/// <summary>Event time that moves only when told to. It never goes back.</summary>
public sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    private long _utcTicks = start.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _utcTicks), TimeSpan.Zero);

    /// <summary>Moves to <paramref name="to"/>. False, and no change, when that lies in the past.</summary>
    public bool TryAdvanceTo(DateTimeOffset to)
    {
        long current = Volatile.Read(ref _utcTicks);
        while (to.UtcTicks >= current)
        {
            long seen = Interlocked.CompareExchange(ref _utcTicks, to.UtcTicks, current);
            if (seen == current) return true;
            current = seen;
        }

        return false;
    }
}
