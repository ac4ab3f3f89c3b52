namespace AutoBid.Policies.Fallback;

/// <summary>Settings of the fallback chain and of the circuit breaker around model calls.</summary>
public sealed record ChainOptions
{
    /// <summary>The last multiplier stands in while it is younger than this, in control ticks.</summary>
    public int LastYoungerThanTicks { get; init; } = 2;

    /// <summary>Largest move of a step's decision inside the step, in log.</summary>
    public double LargestMoveInStep { get; init; } = 0.3;

    /// <summary>Calls inside the sampling window before the breaker may open; at least 2.</summary>
    public int BreakerMinimumCalls { get; init; } = 3;

    /// <summary>Share of failed or late calls that opens it.</summary>
    public double BreakerFailureRatio { get; init; } = 0.5;

    public TimeSpan BreakerSampling { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long it stays open before one call may try again.</summary>
    public TimeSpan BreakerBreak { get; init; } = TimeSpan.FromSeconds(15);
}
