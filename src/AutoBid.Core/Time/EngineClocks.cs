namespace AutoBid.Core.Time;

/// <summary>
/// The two clocks (design.md section 4). <see cref="EventTime"/> (virtual or wall) rules days, steps and slots;
/// <see cref="Monotonic"/> rules deadlines, breakers and, in a live engine, leases and holds; it is never virtual in a running service.
/// </summary>
/// <param name="EventTime">Only its UTC now is used.</param>
/// <param name="Monotonic">Only its timestamps are used.</param>
/// <param name="Deterministic">Deadlines off, leases expire on event time, events change state only inside advanceTo.</param>
public sealed record EngineClocks(TimeProvider EventTime, TimeProvider Monotonic, bool Deterministic)
{
    /// <summary>Event time now, UTC ticks.</summary>
    public long NowTicks => EventTime.GetUtcNow().UtcTicks;

    /// <summary>Now on the clock that rules leases and holds, ticks of 100 ns.</summary>
    public long LeaseNowTicks => Deterministic ? NowTicks : Monotonic.GetElapsedTime(0).Ticks;

    /// <summary>Now on both clocks.</summary>
    public EngineInstant Now
    {
        get
        {
            long now = NowTicks;
            return new EngineInstant(now, Deterministic ? now : LeaseNowTicks);
        }
    }
}
