namespace AutoBid.Policies.Fallback;

/// <summary>Why a policy's own answer was not to be had.</summary>
public enum FallbackReason : byte
{
    Deadline,

    QueueFull,

    /// <summary>The circuit breaker is open, or the call failed and counts towards opening it.</summary>
    Breaker,

    /// <summary>No model of this name is live.</summary>
    NoModel,

    GpuLost,
}
