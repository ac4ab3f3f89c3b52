using AutoBid.Core.Campaigns;

namespace AutoBid.Core.Tests.Campaigns;

public sealed class ScheduleTests
{
    [Fact]
    public void Without_hours_all_48_steps_are_open() => Assert.Equal((1UL << 48) - 1, new Schedule().StepMask());

    [Fact]
    public void An_hour_covers_two_steps()
    {
        ulong mask = new Schedule { Hours = [0, 9, 23, 9] }.StepMask();
        Assert.Equal([0, 1, 18, 19, 46, 47], Enumerable.Range(0, 64).Where(step => (mask >> step & 1) != 0));
    }

    [Fact]
    public void The_flight_includes_its_start_and_not_its_end()
    {
        var start = new DateTime(2025, 1, 2, 0, 0, 0, DateTimeKind.Utc);
        var schedule = new Schedule { FlightStart = start, FlightEnd = start.AddDays(1) };
        Assert.False(schedule.InFlight(start.Ticks - 1));
        Assert.True(schedule.InFlight(start.Ticks));
        Assert.True(schedule.InFlight(start.AddDays(1).Ticks - 1));
        Assert.False(schedule.InFlight(start.AddDays(1).Ticks));
        Assert.True(new Schedule().InFlight(0));
        Assert.True(new Schedule { FlightEnd = start }.InFlight(0));
        Assert.True(new Schedule { FlightStart = start }.InFlight(long.MaxValue));
    }
}
