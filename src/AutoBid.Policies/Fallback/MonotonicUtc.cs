namespace AutoBid.Policies.Fallback;

/// <summary>Gives a component that reads UTC a clock that cannot jump: an arbitrary epoch plus monotonic time.</summary>
internal sealed class MonotonicUtc(TimeProvider monotonic) : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly long _start = monotonic.GetTimestamp();

    public override long TimestampFrequency => monotonic.TimestampFrequency;

    public override long GetTimestamp() => monotonic.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => Epoch + monotonic.GetElapsedTime(_start);
}
