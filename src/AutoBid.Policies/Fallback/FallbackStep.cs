namespace AutoBid.Policies.Fallback;

/// <summary>What stood in for a policy (design.md section 2), in the order in which it is tried.</summary>
public enum FallbackStep : byte
{
    /// <summary>The last multiplier, younger than 2 ticks.</summary>
    Last,

    /// <summary>PID on the last good one.</summary>
    Pid,

    /// <summary>The campaign's safe multiplier.</summary>
    Safe,
}
