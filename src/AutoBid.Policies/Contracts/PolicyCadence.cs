namespace AutoBid.Policies.Contracts;

/// <summary>When a policy decides anew.</summary>
public enum PolicyCadence : byte
{
    /// <summary>At every control tick.</summary>
    EveryTick,

    /// <summary>At step starts; a tick inside the step moves the last decision by MPC's own ratio, at most +-0.3 in log.</summary>
    StepStart,
}
