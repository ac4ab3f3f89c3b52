using AutoBid.Core.Time;

namespace AutoBid.Core.Tests.Time;

public sealed class VirtualTimeTests
{
    private static readonly DateTimeOffset Start = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void It_moves_only_when_told_and_never_back()
    {
        var time = new VirtualTime(Start);
        Assert.Equal(Start, time.GetUtcNow());
        Assert.True(time.TryAdvanceTo(Start.AddHours(1)));
        Assert.False(time.TryAdvanceTo(Start));
        Assert.True(time.TryAdvanceTo(Start.AddHours(1)));
        Assert.Equal(Start.AddHours(1), time.GetUtcNow());
    }

    [Fact]
    public void Another_offset_is_the_same_instant()
    {
        var time = new VirtualTime(Start);
        Assert.True(time.TryAdvanceTo(new DateTimeOffset(2025, 1, 1, 3, 0, 0, TimeSpan.FromHours(2))));
        Assert.Equal(Start.AddHours(1), time.GetUtcNow());
    }

    [Fact]
    public void Threads_that_race_leave_the_latest_instant()
    {
        var time = new VirtualTime(Start);
        Parallel.For(0, 10_000, i => time.TryAdvanceTo(Start.AddSeconds(i * 7919 % 10_000)));
        Assert.Equal(Start.AddSeconds(9_999), time.GetUtcNow());
    }
}
