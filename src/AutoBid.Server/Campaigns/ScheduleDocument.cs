using AutoBid.Core.Campaigns;

namespace AutoBid.Server.Campaigns;

/// <summary>A schedule over REST; instants with offset or Z.</summary>
public sealed record ScheduleDocument
{
    public string? TimeZone { get; init; }

    public DateTimeOffset? FlightStart { get; init; }

    public DateTimeOffset? FlightEnd { get; init; }

    public IReadOnlyList<int>? Hours { get; init; }

    public static ScheduleDocument Of(Schedule schedule) => new()
    {
        TimeZone = schedule.TimeZone,
        FlightStart = schedule.FlightStart is { } start ? new DateTimeOffset(start.Ticks, TimeSpan.Zero) : null,
        FlightEnd = schedule.FlightEnd is { } end ? new DateTimeOffset(end.Ticks, TimeSpan.Zero) : null,
        Hours = schedule.Hours,
    };

    public Schedule ToSchedule() => new()
    {
        TimeZone = TimeZone ?? "UTC",
        FlightStart = FlightStart?.UtcDateTime,
        FlightEnd = FlightEnd?.UtcDateTime,
        Hours = Hours ?? [],
    };
}
