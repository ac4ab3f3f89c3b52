namespace AutoBid.Core.Time;

/// <summary>
/// The two clocks (design.md section 4). <see cref="EventTime"/> (virtual or wall) rules steps, holds and expiry;
/// <see cref="Monotonic"/> rules deadlines and breakers and is never virtual in a running service.
/// </summary>
/// <param name="EventTime">Only its UTC now is used.</param>
/// <param name="Monotonic">Only its timestamps are used.</param>
/// <param name="Deterministic">Deadlines off, leases expire on event time, events change state only inside advanceTo.</param>
public sealed record EngineClocks(TimeProvider EventTime, TimeProvider Monotonic, bool Deterministic)
{
    /// <summary>Event time now, UTC ticks.</summary>
    public long NowTicks => EventTime.GetUtcNow().UtcTicks;
}
