using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Fallback;

/// <summary>The chain's answer for one item, before the guard. Always has a multiplier.</summary>
public struct ChainDecision
{
    /// <summary>Raw multiplier; a policy's own answer may be NaN: the guard flags it.</summary>
    public double Multiplier;

    /// <summary>Null: the policy itself, or its decision of the step's start, moved.</summary>
    public FallbackStep? Step;

    /// <summary>Null exactly when <see cref="Step"/> is.</summary>
    public FallbackReason? Reason;

    /// <summary>The policy that the campaign runs under.</summary>
    public string Policy;

    /// <summary>Name and version behind it, such as <c>gave/1</c>.</summary>
    public string Model;

    /// <summary>
    /// The policy decided in this call. For cadence StepStart the engine then keeps <see cref="Multiplier"/> and <see cref="Mpc"/> as the item's
    /// StepStartMultiplier and MpcAtStepStart until the step ends.
    /// </summary>
    public bool IsPlanned;

    public bool IsColdStart;

    /// <summary>MPC's multiplier now, for policies of cadence StepStart with a prior; else 0.</summary>
    public double Mpc;

    /// <summary>The policy's plan of the rest of the day, where it decided in this call and makes one.</summary>
    public DayPlan? Plan;
}
