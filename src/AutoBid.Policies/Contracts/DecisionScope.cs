namespace AutoBid.Policies.Contracts;

/// <summary>What bounds one call of a policy.</summary>
/// <param name="Monotonic">Clock of the deadline.</param>
/// <param name="DeadlineTimestamp">Timestamp of <paramref name="Monotonic"/> after which an answer is worthless; <see cref="long.MaxValue"/>: none (deterministic mode).</param>
/// <param name="Seed">For policies that sample.</param>
public readonly record struct DecisionScope(TimeProvider Monotonic, long DeadlineTimestamp, ulong Seed)
{
    /// <summary>A control tick: where both wait for the same model, callers with a request go first.</summary>
    public bool IsBulk { get; init; }

    /// <summary>No deadline: replay, simulation, deterministic mode.</summary>
    public static DecisionScope Unbounded(TimeProvider monotonic, ulong seed = 0) => new(monotonic, long.MaxValue, seed);

    public bool IsLate => DeadlineTimestamp != long.MaxValue && Monotonic.GetTimestamp() > DeadlineTimestamp;
}
