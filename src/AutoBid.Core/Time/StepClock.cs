namespace AutoBid.Core.Time;

/// <summary>
/// Maps instants to (local day, step). A step is floor(48 x elapsed / length of the local day): always 48, also on 23- and 25-hour days.
/// Instants are UTC ticks (100 ns since 0001-01-01), days are yyyymmdd of the campaign's time zone.
/// </summary>
public sealed class StepClock
{
    public const int StepsPerDay = 48;

    private readonly TimeZoneInfo _zone;

    // Days are asked for in runs: the last one answers nearly every call. A race only costs a recomputation,
    // since DayBounds is immutable and published by one reference write.
    private DayBounds _last;

    public StepClock(TimeZoneInfo zone)
    {
        _zone = zone;
        _last = Bounds(DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(new DateTime(TimeSpan.TicksPerDay * 400, DateTimeKind.Utc), zone)));
    }

    /// <summary>The local day that contains <paramref name="utcTicks"/>.</summary>
    public DayBounds DayAt(long utcTicks)
    {
        DayBounds last = Volatile.Read(ref _last);
        if (utcTicks >= last.StartTicks && utcTicks < last.EndTicks) return last;
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(new DateTime(utcTicks, DateTimeKind.Utc), _zone);
        var found = Bounds(DateOnly.FromDateTime(local));
        Volatile.Write(ref _last, found);
        return found;
    }

    /// <summary>Step 0..47 of an instant inside <paramref name="day"/>; clamped at both ends.</summary>
    public static int StepAt(DayBounds day, long utcTicks)
    {
        long length = day.EndTicks - day.StartTicks;
        long elapsed = Math.Clamp(utcTicks - day.StartTicks, 0, length - 1);
        return (int)(elapsed * StepsPerDay / length);
    }

    /// <summary>First instant of <paramref name="step"/>; step 48 is the end of the day.</summary>
    public static long StepStart(DayBounds day, int step)
    {
        long length = day.EndTicks - day.StartTicks;
        // Rounded up: the first tick whose floor(48 x elapsed / length) reaches the step.
        return day.StartTicks + (step * length + StepsPerDay - 1) / StepsPerDay;
    }

    private DayBounds Bounds(DateOnly date)
        => new(date.Year * 10000 + date.Month * 100 + date.Day, Midnight(date), Midnight(date.AddDays(1)));

    private long Midnight(DateOnly date)
    {
        var local = date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified);
        // Some zones change at midnight: the day then starts at the first instant that exists.
        while (_zone.IsInvalidTime(local)) local = local.AddMinutes(15);
        TimeSpan offset = _zone.IsAmbiguousTime(local) ? _zone.GetAmbiguousTimeOffsets(local).Max() : _zone.GetUtcOffset(local);
        return local.Ticks - offset.Ticks;
    }
}
