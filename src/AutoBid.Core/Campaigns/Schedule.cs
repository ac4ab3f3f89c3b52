using AutoBid.Core.Time;

namespace AutoBid.Core.Campaigns;

/// <summary>When a campaign may bid: time zone of its day, flight, and the hours of the local day.</summary>
public sealed record Schedule
{
    /// <summary>IANA id of the time zone whose midnight starts the campaign's day.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>First instant of the flight (UTC), inclusive; null: no start.</summary>
    public DateTime? FlightStart { get; init; }

    /// <summary>End of the flight (UTC), exclusive; null: no end.</summary>
    public DateTime? FlightEnd { get; init; }

    /// <summary>Local hours 0..23 in which the campaign bids; empty: all.</summary>
    public IReadOnlyList<int> Hours { get; init; } = [];

    /// <summary>One bit per step of the local day: 1 where bids are allowed. An hour covers two of the 48 steps.</summary>
    public ulong StepMask()
    {
        if (Hours.Count == 0) return (1UL << StepClock.StepsPerDay) - 1;
        ulong mask = 0;
        foreach (int hour in Hours) mask |= 3UL << (2 * hour);
        return mask;
    }

    /// <summary>Whether the flight covers <paramref name="utcTicks"/> (100 ns ticks since 0001-01-01).</summary>
    public bool InFlight(long utcTicks)
        => (FlightStart is not { } start || utcTicks >= start.Ticks) && (FlightEnd is not { } end || utcTicks < end.Ticks);
}
