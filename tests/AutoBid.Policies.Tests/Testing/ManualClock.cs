namespace AutoBid.Policies.Tests.Testing;

/// <summary>Monotonic time that moves only when told to. Its UTC is a trap: nothing may read it.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _ticks = 1;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => throw new InvalidOperationException("Only timestamps of the monotonic clock may be used.");

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    public long After(TimeSpan span) => GetTimestamp() + span.Ticks;
}
