namespace AutoBid.Policies.Contracts;

/// <summary>A policy's answer for one input, before the guard.</summary>
public struct PolicyDecision
{
    /// <summary>Multiplier on the reference price; may be anything, NaN included: the guard decides what is executed.</summary>
    public double Multiplier;

    /// <summary>False: not decided (deadline, or not enough information); the fallback chain takes it.</summary>
    public bool IsDecided;

    /// <summary>True when the policy started cold and answered with the account's best constant.</summary>
    public bool IsColdStart;

    /// <summary>The plan that the answer was read off; null for policies that make none.</summary>
    public DayPlan? Plan;
}
