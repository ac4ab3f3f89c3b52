namespace AutoBid.Core.Time;

/// <summary>
/// One instant on both clocks, ticks of 100 ns. Leases and holds are durations: a wall clock that jumps neither ends nor prolongs them.
/// </summary>
/// <param name="EventTicks">Event time, UTC ticks: days, steps, slots, what is written into events.</param>
/// <param name="LeaseTicks">The clock of leases and holds: monotonic in a live engine, event time in a deterministic one.</param>
public readonly record struct EngineInstant(long EventTicks, long LeaseTicks)
{
    /// <summary>Event time rules leases too: a deterministic engine, or a test.</summary>
    public static EngineInstant Of(long eventTicks) => new(eventTicks, eventTicks);

    /// <summary>The same instant of event time on the clock of leases, as the two clocks stand now.</summary>
    public long ToLeaseTicks(long eventTicks) => LeaseTicks + (eventTicks - EventTicks);
}
