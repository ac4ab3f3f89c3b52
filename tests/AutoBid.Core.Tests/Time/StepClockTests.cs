using AutoBid.Core.Time;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Time;

public sealed class StepClockTests
{
    private static readonly long From = new DateTime(2010, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;
    private static readonly long Span = TimeSpan.FromDays(365 * 20).Ticks;

    /// <summary>Plain zones, 23- and 25-hour days, half-hour offsets and shifts, midnights that do not exist or exist twice, a date that never was.</summary>
    private static readonly string[] Zones =
    [
        "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut",
        "America/Havana", "America/Asuncion", "Pacific/Apia", "Africa/Cairo", "Asia/Gaza", "Atlantic/Azores", "Antarctica/Troll", "America/St_Johns", "America/Scoresbysund",
    ];

    public static TheoryData<string> AllZones => new(Zones);

    private static StepClock Clock(string zone) => new(TimeZoneInfo.FindSystemTimeZoneById(zone));

    private static long Utc(string text) => DateTime.Parse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AdjustToUniversal).Ticks;

    [Theory]
    [InlineData("UTC", "2025-03-30T12:00:00Z", 24)]
    [InlineData("Europe/Berlin", "2025-03-30T12:00:00Z", 23)]
    [InlineData("Europe/Berlin", "2025-10-26T12:00:00Z", 25)]
    [InlineData("America/New_York", "2025-03-09T12:00:00Z", 23)]
    [InlineData("America/New_York", "2025-11-02T12:00:00Z", 25)]
    [InlineData("Australia/Lord_Howe", "2025-04-06T00:00:00Z", 24.5)]
    [InlineData("America/Sao_Paulo", "2018-11-04T12:00:00Z", 23)]
    [InlineData("America/Sao_Paulo", "2018-02-17T12:00:00Z", 25)]
    [InlineData("America/Havana", "2024-03-10T12:00:00Z", 23)]
    [InlineData("America/Havana", "2024-11-03T12:00:00Z", 25)]
    [InlineData("Asia/Beirut", "2024-03-31T12:00:00Z", 23)]
    public void A_day_has_its_true_length_and_always_48_steps(string zone, string noon, double hours)
    {
        DayBounds day = Clock(zone).DayAt(Utc(noon));
        Assert.Equal(TimeSpan.FromHours(hours), TimeSpan.FromTicks(day.EndTicks - day.StartTicks));
        var steps = new HashSet<int>();
        for (long t = day.StartTicks; t < day.EndTicks; t += TimeSpan.TicksPerMinute) steps.Add(StepClock.StepAt(day, t));
        Assert.Equal(Enumerable.Range(0, 48), steps.Order());
    }

    [Fact]
    public void A_day_without_midnight_starts_at_its_first_instant()
    {
        // Sao Paulo, 4 November 2018: 00:00 did not exist, the day began at 01:00 -02:00 = 03:00Z.
        DayBounds day = Clock("America/Sao_Paulo").DayAt(Utc("2018-11-04T12:00:00Z"));
        Assert.Equal(20181104, day.Day);
        Assert.Equal(Utc("2018-11-04T03:00:00Z"), day.StartTicks);
    }

    [Fact]
    public void A_midnight_that_comes_twice_starts_the_day_the_first_time()
    {
        // Havana, 3 November 2024: 01:00 -04:00 became 00:00 -05:00.
        DayBounds day = Clock("America/Havana").DayAt(Utc("2024-11-03T12:00:00Z"));
        Assert.Equal(Utc("2024-11-03T04:00:00Z"), day.StartTicks);
    }

    [Theory]
    [MemberData(nameof(AllZones))]
    public void Every_instant_lies_in_its_own_day_and_days_adjoin(string zone)
    {
        StepClock clock = Clock(zone);
        Prop.ForAll<long>(n =>
        {
            long t = From + Math.Abs(n % Span);
            DayBounds day = clock.DayAt(t);
            DayBounds next = clock.DayAt(day.EndTicks);
            DayBounds before = clock.DayAt(day.StartTicks - 1);
            return t >= day.StartTicks && t < day.EndTicks && next.StartTicks == day.EndTicks && before.EndTicks == day.StartTicks
                && next.Day > day.Day && before.Day < day.Day;
        }).Check(Checks.Config);
    }

    [Theory]
    [MemberData(nameof(AllZones))]
    public void Days_tile_twenty_years(string zone)
    {
        StepClock clock = Clock(zone);
        long t = From;
        DayBounds day = clock.DayAt(t);
        while (t < From + Span)
        {
            Assert.InRange(day.EndTicks - day.StartTicks, TimeSpan.FromHours(21).Ticks, TimeSpan.FromHours(27).Ticks);
            DayBounds next = clock.DayAt(day.EndTicks);
            Assert.Equal(day.EndTicks, next.StartTicks);
            Assert.True(next.Day > day.Day);
            (t, day) = (next.StartTicks, next);
        }
    }

    [Fact]
    public void A_step_starts_at_the_first_tick_that_maps_to_it()
        => Prop.ForAll<long, PositiveInt>((n, length) =>
        {
            // Any length from 49 ticks on: the two functions are inverse by arithmetic, not by luck.
            var day = new DayBounds(20250101, Math.Abs(n % Span), Math.Abs(n % Span) + 48 + length.Get);
            for (int step = 0; step < 48; step++)
            {
                long start = StepClock.StepStart(day, step);
                if (StepClock.StepAt(day, start) != step) return false;
                if (step > 0 && StepClock.StepAt(day, start - 1) != step - 1) return false;
            }

            return StepClock.StepStart(day, 48) == day.EndTicks;
        }).Check(Checks.Config);

    [Fact]
    public void Instants_outside_the_day_are_clamped()
    {
        DayBounds day = Clock("UTC").DayAt(From);
        Assert.Equal(0, StepClock.StepAt(day, day.StartTicks - 5));
        Assert.Equal(47, StepClock.StepAt(day, day.EndTicks + 5));
        Assert.Equal(0, StepClock.StepStart(day, 0) - day.StartTicks);
    }
}
