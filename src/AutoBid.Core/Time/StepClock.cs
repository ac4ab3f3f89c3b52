namespace AutoBid.Core.Time;

/// <summary>
/// Maps instants to (local day, step). A step is floor(48 x elapsed / length of the local day): always 48, also on 23- and 25-hour days.
/// Instants are UTC ticks (100 ns since 0001-01-01), days are yyyymmdd of the campaign's time zone.
/// </summary>
public sealed class StepClock
{
    public const int StepsPerDay = 48;

    /// <summary>No zone is farther from UTC, today or in the records.</summary>
    private static readonly long LargestOffsetTicks = TimeSpan.FromHours(26).Ticks;

    private readonly TimeZoneInfo _zone;

    // Days are asked for in runs: the last one answers nearly every call. A race only costs a recomputation,
    // since DayBounds is immutable and published by one reference write.
    private DayBounds _last;

    public StepClock(TimeZoneInfo zone)
    {
        _zone = zone;
        _last = Bounds(DateOnly.FromDateTime(Local(TimeSpan.TicksPerDay * 400)));
    }

    /// <summary>Id of the time zone whose midnights these are.</summary>
    public string Zone => _zone.Id;

    /// <summary>The local day that contains <paramref name="utcTicks"/>.</summary>
    public DayBounds DayAt(long utcTicks)
    {
        DayBounds last = Volatile.Read(ref _last);
        if (utcTicks >= last.StartTicks && utcTicks < last.EndTicks) return last;
        var date = DateOnly.FromDateTime(Local(utcTicks));
        DayBounds found = Bounds(date);
        // Clocks set back across midnight show a date again that was over: those minutes belong to the day that had begun.
        if (utcTicks >= found.EndTicks) found = Bounds(date.AddDays(1));
        else if (utcTicks < found.StartTicks) found = Bounds(date.AddDays(-1));
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

    /// <summary>
    /// First instant at which local clocks show the date or a later one. Looked up through the same conversion that names an instant's date, so that
    /// the two agree where midnight does not exist, exists twice, or a whole date was skipped.
    /// </summary>
    private long Midnight(DateOnly date)
    {
        long wanted = date.ToDateTime(TimeOnly.MinValue).Ticks;
        long before = wanted - LargestOffsetTicks, after = wanted + LargestOffsetTicks;
        while (after - before > 1)
        {
            long middle = before + (after - before) / 2;
            if (Local(middle).Ticks >= wanted) after = middle;
            else before = middle;
        }

        return after;
    }

    private DateTime Local(long utcTicks) => TimeZoneInfo.ConvertTimeFromUtc(new DateTime(utcTicks, DateTimeKind.Utc), _zone);
}
